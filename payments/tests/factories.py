"""Ended sessions with a frozen price, money in wallets, and people who may decide about it."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chargers.models import BillingStatus, ChargingSession, SessionStatus
from chargers.tests.factories import make_charger
from cpo.models import CPO, CPOStatus, Membership, Role, User
from cpo.tests.factories import make_cpo
from payments.chart import AccountRef, Booking, Code, cpo_account
from payments.ledger.legs import credit, debit
from payments.services import ledger
from tariffs.pricing import SimpleTariff, Snapshot, simple_rules, to_json
from unievp.lib import clock

_numbers = itertools.count(1)
STARTED = datetime(2026, 3, 9, 5, tzinfo=UTC)  # 12:00 in Jakarta
BANK = AccountRef(Code.BANK_OPERATING)


def make_paid_cpo(**values) -> CPO:
    """Verified, with a bank account."""
    return make_cpo(
        **{
            "status": CPOStatus.VERIFIED,
            "verified_at": clock.now(),
            "bank_code": "BCA",
            "bank_account_name": "PT Contoh",
            "bank_account_number": "0123456789",
        }
        | values
    )


def make_member(cpo, role=Role.FINANCE) -> User:
    user = User.objects.create_user(f"member{next(_numbers)}")
    Membership.objects.create(user=user, cpo=cpo, role=role)
    return user


def make_staff() -> User:
    """May decide about settlements."""
    name = f"staff{next(_numbers)}"
    return User.objects.create_user(name, is_staff=True, is_superuser=True)


def snapshot_json(per_kwh="2000", session_fee="0", zone="Asia/Jakarta", pbjt="0", **values):
    tariff = SimpleTariff(Decimal(per_kwh), Decimal(session_fee), **values)
    return to_json(Snapshot(simple_rules(tariff), zone, Decimal(pbjt)))


def make_session(*, cpo=None, charger=None, energy_wh=10_000, snapshot="default", **values):
    """Ended and not billed: 10 kWh in an hour at 2,000 a kWh."""
    charger = charger or make_charger(cpo=cpo, tariff=False)
    started = values.pop("started_at", STARTED)
    defaults = {
        "cpo": charger.cpo,
        "charger": charger,
        "connector": charger.connectors.first(),
        "id_tag": f"TAG{next(_numbers)}",
        "authorization": "Accepted",
        "status": SessionStatus.ENDED,
        "started_at": started,
        "ended_at": started + timedelta(hours=1),
        "meter_start_wh": 1_000,
        "meter_last_wh": 1_000 + energy_wh,
        "meter_stop_wh": 1_000 + energy_wh,
        "energy_wh": energy_wh,
        "billing_status": BillingStatus.UNBILLED,
        "tariff_snapshot": snapshot_json() if snapshot == "default" else snapshot,
    }
    return ChargingSession.objects.create(**defaults | values)


def give(cpo, amount, *, code=Code.CPO_AVAILABLE):
    """Money in the wallet, from nowhere."""
    booking, _created = ledger.post(
        key=f"gift:{next(_numbers)}",
        kind=Booking.ADJUSTMENT,
        legs=[debit(BANK, amount), credit(cpo_account(code, cpo.pk), amount)],
    )
    return booking
