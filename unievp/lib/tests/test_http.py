from __future__ import annotations

import httpx

from unievp.lib import http


def test_waiting_is_bounded_and_redirects_are_not_followed():
    def answer(request):
        assert request.headers["User-Agent"] == http.USER_AGENT
        assert request.headers["X-Api"] == "1"
        assert str(request.url) == "https://gateway.example/v1/invoices"
        return httpx.Response(302, headers={"Location": "https://evil.example/"})

    transport = httpx.MockTransport(answer)
    with http.client(
        "https://gateway.example/v1", headers={"X-Api": "1"}, transport=transport
    ) as client:
        assert client.get("/invoices").status_code == 302
        assert client.timeout == httpx.Timeout(20.0, connect=5.0)


def test_the_caller_may_wait_less():
    with http.client(timeout=8.0) as client:
        assert client.timeout.read == 8.0
