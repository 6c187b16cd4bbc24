"""Calls us as a partner does, and checks what comes back against the specification."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlsplit

from django.test import Client

from ocpi.tests.contract import check_answered
from ocpi.wire.tokens import header_of

ROOT = "/ocpi/cpo/2.2.1"


class Caller:
    def __init__(self, token, *, raw=False):
        self._headers = {"Authorization": header_of(token, raw=raw)}
        self._client = Client(raise_request_exception=False)

    def send(self, method, path, body=None, headers=None, **query):
        path = path if path.startswith("/ocpi") else f"{ROOT}/{path}"
        content = b"" if body is None else body if isinstance(body, bytes) else dump(body)
        response = self._client.generic(
            method,
            path,
            content,
            content_type="application/json",
            headers={**self._headers, **(headers or {})},
            QUERY_STRING="&".join(f"{k}={v}" for k, v in query.items()) or urlsplit(path).query,
        )
        check_answered(path, response, envelope(response))
        return response

    def get(self, path, **query):
        return self.send("GET", path, **query)

    def post(self, path, body, **query):
        return self.send("POST", path, body, **query)

    def put(self, path, body, **query):
        return self.send("PUT", path, body, **query)

    def patch(self, path, body, **query):
        return self.send("PATCH", path, body, **query)


def dump(body):
    return json.dumps(body, default=_plain).encode()


def _plain(value):
    return float(value) if isinstance(value, Decimal) else str(value)


def envelope(response):
    return json.loads(response.content, parse_float=Decimal)


def data(response):
    """The data of a success. A refusal fails the test with what it says."""
    said = envelope(response)
    assert (said["status_code"], response.status_code in (200, 201)) == (1000, True), said
    return said["data"]


def code(response):
    return response.status_code, envelope(response)["status_code"]
