"""Lists of a partner, page by page, as it links them (OCPI 2.2.1 §4.1.2)."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from ocpi.models import Partner
from ocpi.services.calling.client import Call, CallError, call_partner
from unievp.lib.clock import isoformat_z

# Less than a task may take, so that the list can still say what is wrong with it.
LONGEST_S: Final = 240.0
# In a row: some peers leave out what we may not see after they have cut the pages.
MOST_EMPTY: Final = 20
_NEXT: Final = re.compile(r"<([^>]*)>\s*;\s*rel=\"?next\"?")


def pull(
    partner: Partner,
    url: str,
    *,
    module: str,
    since: datetime | None = None,
    routing: Mapping[str, str] | None = None,
) -> Iterator[Any]:
    """Every object of the list at `url`, changed since then.

    Links are followed as they are, but never to another host, never twice, and not without end.
    Raises CallError.
    """
    seen: set[str] = set()
    ends, empty = time.monotonic() + LONGEST_S, 0
    query = urlencode({"date_from": isoformat_z(since)}) if since else ""
    address = f"{url}{'&' if '?' in url else '?'}{query}" if query else url
    while address:
        if address in seen or urlsplit(address)[:2] != urlsplit(url)[:2]:
            message = f"{module}: the next page is at {address[:80]}"
            raise CallError(message)
        if time.monotonic() > ends or empty > MOST_EMPTY:
            message = f"{module}: the list has no end; {len(seen)} pages were read"
            raise CallError(message)
        seen.add(address)
        reply = call_partner(partner, Call("GET", address, module=module, routing=routing or {}))
        if not isinstance(reply.data, list):
            message = f"{module}: no list"
            raise CallError(message)
        empty = 0 if reply.data else empty + 1
        yield from reply.data
        found = _NEXT.search(reply.headers.get("Link", ""))
        address = found[1] if found else ""
