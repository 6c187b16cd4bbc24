"""What an answer's `status_code` says (OCPI 2.2.1 §5), and the error that carries one."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    SUCCESS = 1000
    CLIENT_ERROR = 2000
    INVALID = 2001
    NOT_ENOUGH = 2002
    UNKNOWN_LOCATION = 2003
    UNKNOWN_TOKEN = 2004
    SERVER_ERROR = 3000
    CANNOT_CALL_BACK = 3001
    UNSUPPORTED_VERSION = 3002
    NO_ENDPOINTS = 3003


class OcpiError(Exception):
    """Refused inside the envelope. `http` is 200 for content that is wrong (§4.1.7): the request
    itself arrived. `data` goes into the envelope where a partner reads it all the same.
    """

    def __init__(
        self, code: Code, message: str, *, http: int = 200, data: object | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.http = http
        self.data = data


def invalid(message: str) -> OcpiError:
    return OcpiError(Code.INVALID, message)


def not_found(message: str, code: Code = Code.UNKNOWN_LOCATION) -> OcpiError:
    return OcpiError(code, message, http=404)
