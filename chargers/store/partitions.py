"""Partitions of readings (months) and frames (days): made ahead, dropped when they are too old.

Every function may run at any time and again. Rows that came before their partition wait in the
default partition and are moved; what stays there has an absurd clock.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from unievp.lib import clock

logger = logging.getLogger(__name__)

# Making a partition stops the writers of the default partition; none of them waits longer.
_LOCK_TIMEOUT: Final = "5s"


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table cut by `column` into months or days; `ahead` future parts are kept ready."""

    table: str
    column: str
    monthly: bool
    ahead: int
    retention_setting: str

    def name(self, first: date) -> str:
        return f"{self.table}_p{first:%Y%m}" if self.monthly else f"{self.table}_p{first:%Y%m%d}"

    def first_of(self, day: date) -> date:
        return day.replace(day=1) if self.monthly else day

    def after(self, first: date) -> date:
        if not self.monthly:
            return first + timedelta(days=1)
        return (first + timedelta(days=32)).replace(day=1)

    def parse(self, name: str) -> date | None:
        """The first day of the partition `name`; None for the default one and foreign names."""
        match = re.fullmatch(rf"{self.table}_p(\d{{4}})(\d{{2}})(\d{{2}})?", name)
        return date(int(match[1]), int(match[2]), int(match[3] or 1)) if match else None


TABLES: Final = (
    Partitioned(
        "chargers_meterreading",
        "measured_at",
        monthly=True,
        ahead=2,
        retention_setting="READING_RETENTION_DAYS",
    ),
    Partitioned(
        "chargers_frame", "at", monthly=False, ahead=3, retention_setting="FRAME_RETENTION_DAYS"
    ),
)


def make_partitions(now: datetime | None = None) -> list[str]:
    """Make the partition of today and those after it; the names of the new ones."""
    today = (now or clock.now()).astimezone(UTC).date()
    made: list[str] = []
    for table in TABLES:
        first = table.first_of(today)
        existing = set(_partitions(table))
        for _ in range(table.ahead + 1):
            if table.name(first) not in existing:
                _make(table, first)
                made.append(table.name(first))
            first = table.after(first)
    return made


def drop_partitions(now: datetime | None = None) -> list[str]:
    """Drop partitions whose last row is older than the retention; the names of the dropped."""
    today = (now or clock.now()).astimezone(UTC).date()
    dropped: list[str] = []
    for table in TABLES:
        keep_from = today - timedelta(days=getattr(settings, table.retention_setting))
        for name in _partitions(table):
            first = table.parse(name)
            if first is not None and table.after(first) <= keep_from:
                _execute(f"DROP TABLE {name}")
                dropped.append(name)
        _forget_defaults(table, keep_from)
    return dropped


def _make(table: Partitioned, first: date) -> None:
    name, default = table.name(first), f"{table.table}_default"
    bounds = [f"{first}T00:00Z", f"{table.after(first)}T00:00Z"]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        cursor.execute(f"LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            f"CREATE TABLE {name} (LIKE {table.table} INCLUDING DEFAULTS"
            " INCLUDING CONSTRAINTS INCLUDING COMPRESSION)"
        )
        cursor.execute(
            f"WITH moved AS (DELETE FROM {default}"
            f" WHERE {table.column} >= %s AND {table.column} < %s RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved",
            bounds,
        )
        cursor.execute(
            f"ALTER TABLE {table.table} ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')"
        )
        cursor.execute("SET LOCAL lock_timeout = DEFAULT")
    logger.info("Made partition %s", name)


def _forget_defaults(table: Partitioned, keep_from: date) -> None:
    """Rows of the default partition have no partition to be dropped with."""
    _execute(f"DELETE FROM {table.table}_default WHERE {table.column} < '{keep_from}T00:00Z'")


def _partitions(table: Partitioned) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = %s::regclass ORDER BY 1",
            [table.table],
        )
        return [row[0] for row in cursor.fetchall()]


def _execute(sql: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        cursor.execute(sql)
