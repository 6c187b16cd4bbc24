"""What the documentation at /api/docs says before the first operation."""

from __future__ import annotations

from typing import Final

API_DESCRIPTION: Final = """\
**Sign in** with `Authorization: Api-Key uniev_…`. A company's owner makes keys in the portal \
(*Company*, *API keys*) or by `POST /api/apikeys`; each has scopes such as `chargers:read`. People \
who are signed in may try everything here with their role; put nothing into *Authorize* then.

**Refusals** are problem documents (RFC 9457): `errors` maps the path of a field to messages, \
`type` ends in a word for programs. Another company's rows are 404.

**Lists** take `limit` (50, at most 200), `offset`, `ordering` and filters.

**Writes** take an `Idempotency-Key`: the same request again gets the first answer. What can be \
changed has an `ETag`; send it as `If-Match`, and nobody's change is overwritten (412).

**Units**: energy in Wh, power in W, money in whole rupiah, times in RFC 3339 with `Z`.

Each example is a body that works once its ids are yours.
"""
