"""JSON in: strict, bounded, and nothing that PostgreSQL could not hold."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

# An escaped NUL, whatever stands before it but a backslash that is itself escaped.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class TooLargeError(APIException):
    status_code = 413


class JSONParser(BaseParser):
    """orjson refuses NaN, lone surrogates and depths beyond its own limit by itself."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        # One byte more tells that there is more.
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLargeError(_("A body has at most %(bytes)d bytes.") % {"bytes": most})
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            message = _("No JSON: %(reason)s (line %(line)d, column %(column)d).")
            raise ParseError(
                message % {"reason": error.msg, "line": error.lineno, "column": error.colno}
            ) from None
        if _NUL.search(raw):
            raise ParseError(_("A text holds a NUL character."))
        return value
