"""Lists of a partner, page by page, as it links them (OCPI 2.2.1 §4.1.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from ocpi.models import Partner
from ocpi.services.calling.client import Call, CallError, call_partner
from unievp.lib.clock import isoformat_z

_NEXT = re.compile(r"<([^>]*)>\s*;\s*rel=\"?next\"?")


def pull(
    partner: Partner,
    url: str,
    *,
    module: str,
    since: datetime | None = None,
    routing: Mapping[str, str] | None = None,
) -> Iterator[Any]:
    """Every object of the list at `url`, changed since then.

    Links are followed as they are, but never to another host and never twice. Raises CallError.
    """
    host = urlsplit(url).netloc
    seen: set[str] = set()
    query = urlencode({"date_from": isoformat_z(since)}) if since else ""
    address = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
    while address:
        if address in seen or urlsplit(address).netloc != host:
            message = f"{module}: the next page is at {address[:80]}"
            raise CallError(message)
        seen.add(address)
        reply = call_partner(partner, Call("GET", address, module=module, routing=routing or {}))
        if not isinstance(reply.data, list):
            message = f"{module}: no list"
            raise CallError(message)
        yield from reply.data
        found = _NEXT.search(reply.headers.get("Link", ""))
        address = found[1] if found else ""
