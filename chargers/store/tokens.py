"""Id tokens for a whole batch: each charger's CPO's own token wins over one of the platform."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chargers.store import sql


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What the database knows of a presented tag."""

    id: int
    status: str
    expires_at: datetime | None
    group: str
    driver_id: UUID | None


# Closed: the company may not trade. Where somebody charges, people still end it with their tags.
_CLOSED: Final = """
SELECT charger.id
FROM json_to_recordset(%s::json) AS item(charger_id bigint)
JOIN chargers_charger AS charger ON charger.id = item.charger_id
JOIN cpo_cpo AS cpo ON cpo.id = charger.cpo_id
WHERE cpo.status <> 'verified' AND NOT EXISTS (
    SELECT 1 FROM chargers_chargingsession AS session
    WHERE session.charger_id = charger.id AND session.status = 'active'
)
"""

# OCPP's CiString20: compared without case, and chargers overrun their 20 characters. Joined to
# `item.id_tag` and `charger.cpo_id`.
PRESENTED_JOIN: Final = """
LEFT JOIN LATERAL (
    SELECT token.id, token.status, token.expires_at, token."group", token.driver_id
    FROM chargers_idtoken AS token
    WHERE lower(token.token) = lower(left(item.id_tag, 20))
        AND (token.cpo_id = charger.cpo_id OR token.cpo_id IS NULL)
        AND (token.charger_id = charger.id OR token.charger_id IS NULL)
    ORDER BY token.cpo_id NULLS LAST
    LIMIT 1
) AS token ON item.id_tag <> ''
"""
PRESENTED_COLUMNS: Final = (
    'token.id, token.status, token.expires_at, token."group", token.driver_id'
)

_FIND = (
    f"SELECT item.n, {PRESENTED_COLUMNS}"
    " FROM json_to_recordset(%s::json) AS item(n integer, charger_id bigint, id_tag text)"
    " JOIN chargers_charger AS charger ON charger.id = item.charger_id"
    f" {PRESENTED_JOIN}"
)


def token_of(columns: tuple[object, ...]) -> TokenRow | None:
    """The row of PRESENTED_COLUMNS; None for a tag nobody issued."""
    return None if columns[0] is None else TokenRow(*columns)  # type: ignore[arg-type]  # as selected


def find_tokens(presented: Sequence[tuple[int, str]]) -> list[TokenRow | None]:
    """The token of each (charger, id tag), in order."""
    document = [
        {"n": n, "charger_id": charger_pk, "id_tag": id_tag}
        for n, (charger_pk, id_tag) in enumerate(presented)
    ]
    found = {row[0]: token_of(row[1:]) for row in sql.run(_FIND, document)}
    return [found.get(n) for n in range(len(presented))]


def closed_chargers(charger_pks: Iterable[int]) -> set[int]:
    """Those at which nobody may begin to charge, and nobody charges."""
    return {row[0] for row in sql.run(_CLOSED, [{"charger_id": pk} for pk in set(charger_pks)])}
