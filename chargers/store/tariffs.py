"""Which tariff and which local tax hold at an outlet: the one statement that decides it.

A connector's own assignment comes first, then its charger's, then the default of the location,
then the CPO's. StartTransaction, the driver's page and every list ask the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from chargers.store import sql


def level_sql(at: str) -> str:
    """A query of (level, template_id, valid_from), the one that holds first; or of no row.

    For rows called `charger`, `connector` (its columns may be NULL: the charger as a whole) and
    `location`, at the time that the expression `at` gives.
    """
    return f"""
        SELECT found.level, found.template_id, found.valid_from FROM (
            SELECT CASE WHEN mine.connector_id IS NULL THEN 2 ELSE 1 END AS level,
                mine.template_id, mine.valid_from
            FROM chargers_tariffassignment AS mine
            WHERE mine.charger_id = charger.id
                AND (mine.connector_id = connector.id OR mine.connector_id IS NULL)
                AND mine.valid_from <= {at}
                AND (mine.valid_to IS NULL OR mine.valid_to > {at})
            UNION ALL (
                SELECT 3, wide.template_id, wide.valid_from FROM chargers_tariffdefault AS wide
                WHERE wide.cpo_id = charger.cpo_id AND wide.location_id = location.id
                    AND wide.valid_from <= {at}
                ORDER BY wide.valid_from DESC LIMIT 1
            ) UNION ALL (
                SELECT 4, wide.template_id, wide.valid_from FROM chargers_tariffdefault AS wide
                WHERE wide.cpo_id = charger.cpo_id AND wide.location_id IS NULL
                    AND wide.valid_from <= {at}
                ORDER BY wide.valid_from DESC LIMIT 1
            )
        ) AS found
        WHERE found.template_id IS NOT NULL
        ORDER BY found.level LIMIT 1
    """


def pbjt_sql(at: str) -> str:
    """A query of the percentage that is added to energy at `location`; or of no row."""
    return f"""
        SELECT CASE WHEN tax.paid_by_supplier THEN 0 ELSE tax.percent END
        FROM chargers_locationtax AS tax
        WHERE tax.location_id = location.id AND tax.valid_from <= {at}
        ORDER BY tax.valid_from DESC LIMIT 1
    """


@dataclass(frozen=True, slots=True)
class Outlet:
    """A connector, or (`connector_pk` None) a charger as a whole."""

    charger_pk: int
    connector_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds at an outlet. `level` 1 connector, 2 charger, 3 location, 4 CPO; None: nothing."""

    time_zone: str
    pbjt_percent: Decimal
    max_power_w: int
    level: int | None
    template_id: int | None
    valid_from: datetime | None


_HOLDING: Final = (
    """
SELECT item.n, location.time_zone, coalesce(("""
    + pbjt_sql("item.at")
    + """), 0), coalesce(connector.max_power_w, charger.max_power_w),
    held.level, held.template_id, held.valid_from
FROM json_to_recordset(%s::json) AS item(
    n integer, charger_id bigint, connector_id bigint, at timestamptz
)
JOIN chargers_charger AS charger ON charger.id = item.charger_id
JOIN chargers_location AS location ON location.id = charger.location_id
LEFT JOIN chargers_connector AS connector
    ON connector.id = item.connector_id AND connector.charger_id = charger.id
LEFT JOIN LATERAL ("""
    + level_sql("item.at")
    + """) AS held ON true
"""
)


def read_holdings(outlets: Sequence[Outlet], *, at: datetime) -> dict[Outlet, Holding]:
    """What holds at each outlet at `at`; a charger that is not there is absent."""
    if not outlets:
        return {}
    document = [
        {"n": n, "charger_id": one.charger_pk, "connector_id": one.connector_pk, "at": at}
        for n, one in enumerate(outlets)
    ]
    return {outlets[row[0]]: Holding(*row[1:]) for row in sql.run(_HOLDING, document)}
