"""Many chargers and sessions at once, by generate_series: what the pages have to bear."""

from __future__ import annotations

import random
from datetime import timedelta

from django.db import connection, transaction

from bench.fleet import make_tariff
from chargers.models import Charger, Connector, Location, Presence, TariffAssignment
from cpo.models import CPO, CPOStatus
from unievp.lib import clock

COMPANIES = 20
LOCATIONS = 1000
_ZONES = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")

# A year of sessions, evenly over the chargers; each is an hour long, ended and billed.
_SESSIONS = """
    INSERT INTO chargers_chargingsession (
        cpo_id, charger_id, connector_id, id_tag, "authorization", status, started_at, ended_at,
        stop_received_at, stop_reason, stop_id_tag, meter_start_wh, meter_last_wh, meter_stop_wh,
        interval_energy_wh, energy_wh, currency, cost, billing_status, hold_reason)
    SELECT charger.cpo_id, charger.id, connector.id, 'TAG' || n %% 50000, 'Accepted', 'ended',
        start, start + interval '1 hour', start + interval '1 hour', 'Local', '', n, n + 12000,
        n + 12000, 0, 12000, 'IDR', 31000, 'billed', ''
    FROM (SELECT n, now() - interval '2 hours' - n * interval '1 year' / %(sessions)s AS start,
                 1 + (n * 7919) %% %(chargers)s AS number
          FROM generate_series(1, %(sessions)s::bigint) AS n) wanted
    JOIN (SELECT *, row_number() OVER (ORDER BY id) AS number FROM chargers_charger) charger
        USING (number)
    JOIN chargers_connector connector ON connector.charger_id = charger.id AND connector.number = 1
"""
_BILLS = """
    INSERT INTO payments_bill (session_id, cpo_id, currency, total, tax, platform_fee, issued_at)
    SELECT id, cpo_id, 'IDR', 31000, 3000, 800, ended_at FROM chargers_chargingsession
"""
_MARKS = """
    INSERT INTO chargers_stalehour (hour)
    SELECT DISTINCT date_trunc('hour', started_at, 'UTC') FROM chargers_chargingsession
"""


def seed(*, chargers: int, sessions: int) -> None:
    with transaction.atomic():
        _make_field(chargers)
    with connection.cursor() as cursor:
        # Past the triggers, that is half of the time; what they would mark is marked below.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(_SESSIONS, {"chargers": chargers, "sessions": sessions})
        cursor.execute(_BILLS)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(_MARKS)
        cursor.execute("VACUUM ANALYZE")


def _make_field(chargers: int) -> None:
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
