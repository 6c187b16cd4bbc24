"""Many chargers and sessions at once, by generate_series: what the pages have to bear."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction

from bench.fleet import make_tariff
from chargers.models import (
    Charger,
    ChargingSession,
    Connector,
    Location,
    Presence,
    TariffAssignment,
)
from cpo.models import CPO, CPOStatus
from tariffs.services.snapshots import build_snapshot
from tickets.models import Ticket
from unievp.lib import clock

COMPANIES = 20
LOCATIONS = 1000
_ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")
# Whose indexes are made after the rows, each by one sort.
_TABLES: Final = ("chargers_chargingsession", "payments_bill", "payments_billline")

# A year of sessions, evenly over the chargers; each is an hour long, ended and billed.
_SESSIONS = """
    INSERT INTO chargers_chargingsession (
        cpo_id, charger_id, connector_id, id_tag, "authorization", status, started_at, ended_at,
        stop_received_at, stop_reason, stop_id_tag, meter_start_wh, meter_last_wh, meter_stop_wh,
        interval_energy_wh, energy_wh, currency, cost, billing_status, hold_reason,
        tariff_version_id, tariff_snapshot)
    SELECT charger.cpo_id, charger.id, charger.connector_id, 'TAG' || n %% 50000, 'Accepted',
        'ended', start, start + interval '1 hour', start + interval '1 hour', 'Local', '', n,
        n + 12000, n + 12000, 0, 12000, 'IDR', 31000, 'billed', '', charger.version_id, snapshot
    FROM (SELECT n, 1 + (n * 7919) %% %(chargers)s AS number,
                 now() - interval '2 hours'
                 - (%(sessions)s - n) * interval '1 year' / %(sessions)s AS start
          FROM generate_series(1, %(sessions)s::bigint) AS n) wanted
    JOIN (SELECT charger.*, connector.id AS connector_id, version.id AS version_id,
                 row_number() OVER (ORDER BY charger.id) AS number
          FROM chargers_charger charger
          JOIN chargers_connector connector
              ON connector.charger_id = charger.id AND connector.number = 1
          JOIN tariffs_tarifftemplate template ON template.cpo_id = charger.cpo_id
          JOIN tariffs_tariffversion version ON version.template_id = template.id) charger
        USING (number)
    CROSS JOIN (SELECT %(snapshot)s::jsonb AS snapshot) price
    ORDER BY n
"""
_BILLS = """
    INSERT INTO payments_bill (session_id, cpo_id, currency, total, tax, platform_fee, issued_at)
    SELECT id, cpo_id, 'IDR', 31000, 3000, 800, ended_at FROM chargers_chargingsession ORDER BY id
"""
_LINES = """
    INSERT INTO payments_billline (bill_id, position, kind, quantity, unit, unit_price,
                                   tax_percent, exact_amount, amount, tax, why)
    SELECT id, 1, 'ENERGY', 12, 'kWh', 2500, 10, 31000, 31000, 3000, '' FROM payments_bill
    ORDER BY id
"""
_MARKS = """
    INSERT INTO chargers_stalehour (hour)
    SELECT DISTINCT date_trunc('hour', started_at, 'UTC') FROM chargers_chargingsession
"""
# A month: every charger was gone for a quarter of an hour on each third day.
_PRESENCE = """
    INSERT INTO chargers_presencechange (charger_id, at, online)
    SELECT charger.id, now() - day * interval '3 days' + part * interval '15 minutes', part = 1
    FROM generate_series(0, 10) AS day, chargers_charger charger, generate_series(0, 1) AS part
    ORDER BY 2
"""
# What connectors said around the sessions of the last month.
_STATUSES = """
    INSERT INTO chargers_connectorstatuschange (
        charger_id, connector_number, status, error_code, vendor_error_code, info,
        reported_at, received_at)
    SELECT charger_id, 1, said.status, 'NoError', '', '', at, at
    FROM chargers_chargingsession, LATERAL (VALUES
        ('Preparing', started_at - interval '1 minute'), ('Charging', started_at),
        ('Finishing', ended_at), ('Available', ended_at + interval '1 minute')) said(status, at)
    WHERE started_at > now() - interval '30 days'
    ORDER BY at
"""
_COMMANDS = """
    INSERT INTO chargers_command (
        id, charger_id, action, payload, secret, status, requested_label, created_at, deadline_at,
        sent_at, answered_at, message_id, response, response_status, error)
    SELECT gen_random_uuid(), charger_id, 'RemoteStopTransaction',
        json_build_object('transactionId', transaction_id), '', 'answered', 'owner', ended_at,
        ended_at + interval '1 minute', ended_at, ended_at, id, '{"status": "Accepted"}',
        'Accepted', ''
    FROM chargers_chargingsession WHERE id %% 5 = 0 ORDER BY id
"""
_AUDIT = """
    INSERT INTO cpo_auditentry (at, actor_label, cpo_id, action, subject_type, subject_id,
                                subject_label, before, after, reason)
    SELECT ended_at, 'owner', cpo_id, 'command.queued', 'chargers.command', id, 'BIG', '{}', '{}',
        '' FROM chargers_chargingsession WHERE id %% 5 = 0 ORDER BY id
"""


# Five years of complaints; some wait still.
_TICKETS: Final = 50_000


def seed(*, chargers: int, sessions: int) -> None:
    with transaction.atomic():
        snapshot = _make_field(chargers)
    with connection.cursor() as cursor:
        # Past the triggers, that is half of the time; what they would mark is marked below.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET work_mem = '256MB'")
        with _indexes_made_afterwards(cursor):
            asked: dict[str, Any] = {
                "chargers": chargers,
                "sessions": sessions,
                "snapshot": snapshot,
            }
            for statement in (_SESSIONS, _BILLS, _LINES):
                cursor.execute(statement, asked)
        for statement in (_PRESENCE, _STATUSES, _COMMANDS, _AUDIT, _MARKS):
            cursor.execute(statement, ())
        for name in ("session_replication_role", "maintenance_work_mem", "work_mem"):
            cursor.execute(f"RESET {name}")
    _open_tickets()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def _indexes_made_afterwards(cursor: Any) -> Iterator[None]:
    """All but the constraints', which foreign keys hold on to."""
    cursor.execute(
        """
        SELECT quote_ident(indexname), indexdef FROM pg_indexes
        WHERE schemaname = current_schema() AND tablename = ANY(%s) AND NOT EXISTS (
            SELECT FROM pg_constraint WHERE conname = indexname)
        """,
        [list(_TABLES)],
    )
    found = cursor.fetchall()
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _name, definition in found:
        cursor.execute(definition)


def _open_tickets() -> None:
    now = clock.now()
    sessions = ChargingSession.objects.order_by("pk").values_list("pk", "cpo_id", "charger_id")
    for number in range(0, _TICKETS, 5000):
        Ticket.objects.bulk_create(
            Ticket(
                cpo_id=cpo_id,
                charger_id=charger_id,
                session_id=session_id,
                category="session",
                status="closed" if n % 50 else "open",
                subject=f"It stopped in the middle, number {n}",
                description="The screen went dark after ten minutes.",
                opened_via="driver",
                reporter_name="Budi",
                **dict.fromkeys(
                    (
                        "first_seen_at",
                        "last_seen_at",
                        "opened_at",
                        "updated_at",
                        "clock_started_at",
                    ),
                    now - timedelta(minutes=_TICKETS - n),
                ),
                **(dict.fromkeys(("resolved_at", "closed_at"), now) if n % 50 else {}),
            )
            for n, (session_id, cpo_id, charger_id) in enumerate(
                sessions[number : number + 5000], start=number
            )
        )


def _make_field(chargers: int) -> str:
    """Companies with their chargers, and the snapshot of their price as JSON."""
    draw = random.Random(1)
    companies = CPO.objects.bulk_create(
        CPO(name=f"Company {number}", status=CPOStatus.VERIFIED, verified_at=clock.now())
        for number in range(COMPANIES)
    )
    # The first company is large: half of everything is its.
    owners = [companies[0] if n % 2 else draw.choice(companies) for n in range(LOCATIONS)]
    locations = Location.objects.bulk_create(
        Location(cpo=cpo, name=f"Location {n}", time_zone=_ZONES[n % 3], country="IDN")
        for n, cpo in enumerate(owners)
    )
    tariffs = {cpo.pk: make_tariff(cpo) for cpo in companies}
    made = Charger.objects.bulk_create(
        Charger(cpo_id=place.cpo_id, location=place, identity=f"BIG-{n:05}", vendor="Acme")
        for n, place in ((n, locations[n % LOCATIONS]) for n in range(chargers))
    )
    Charger.objects.update(created_at=clock.now() - timedelta(days=400))
    Connector.objects.bulk_create(
        Connector(charger=charger, number=number, status="Available", status_at=clock.now())
        for charger in made
        for number in (1, 2)
    )
    Presence.objects.bulk_create(
        Presence(charger=charger, online=n % 10 > 0, last_seen_at=clock.now())
        for n, charger in enumerate(made)
    )
    TariffAssignment.objects.bulk_create(
        TariffAssignment(charger=charger, template=tariffs[charger.cpo_id], valid_from=clock.now())
        for charger in made
    )
    version = tariffs[companies[0].pk].versions.get()
    return json.dumps(build_snapshot(version, time_zone=_ZONES[0]))
