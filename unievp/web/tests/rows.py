"""Rows of any model, made from its fields: a new model is tested before anyone thinks of it."""

from __future__ import annotations

import itertools
import os
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, models
from django.db.models.fields import NOT_PROVIDED

from unievp.lib import clock

_numbers = itertools.count(1)
# Constraints that fields do not tell of: what a row of this model needs.
_SPECIAL: dict[str, Callable[[int], dict[str, Any]]] = {}
# Rows that Django may not write (the ledger): how to make one.
_MAKERS: dict[str, Callable[[int], models.Model]] = {}


def special(label: str) -> Callable[[Callable[[int], dict[str, Any]]], Any]:
    def register(function: Callable[[int], dict[str, Any]]) -> Callable[[int], dict[str, Any]]:
        _SPECIAL[label] = function
        return function

    return register


def make_row(model: type[models.Model], **values: Any) -> Any:
    """One saved row with every required field and every foreign key filled."""
    label = model._meta.label
    number = next(_numbers)
    if label in _MAKERS:
        return _MAKERS[label](number)
    values = {**_SPECIAL.get(label, lambda _n: {})(number), **values}
    for field in model._meta.concrete_fields:
        if field.name not in values and _wants_value(field, model):
            values[field.name] = _value(field, number)
    return model._default_manager.create(**values)


def _wants_value(field: Any, model: type[models.Model]) -> bool:
    if isinstance(field, models.ForeignKey):
        return field.related_model is not model
    return not (
        field.primary_key
        or field.null
        or field.default is not NOT_PROVIDED
        or field.db_default is not NOT_PROVIDED
        or getattr(field, "auto_now", False)
        or getattr(field, "auto_now_add", False)
        or getattr(field, "generated", False)
    )


def _value(field: Any, number: int) -> Any:
    if isinstance(field, models.ForeignKey):
        return make_row(field.related_model)
    if field.choices:
        return field.flatchoices[0][0]
    if isinstance(field, models.EmailField):
        return "" if field.blank else f"row{number}@rows.example"
    if isinstance(field, models.CharField):
        return "" if field.blank else f"R{number:05d}"[-(field.max_length or 9) :]
    plain: dict[type[models.Field[Any, Any]], Any] = {
        models.TextField: "" if field.blank else f"text {number}",
        models.DateTimeField: clock.now() - timedelta(seconds=number),
        models.DateField: clock.now().date(),
        models.JSONField: {"n": number},
        models.BinaryField: os.urandom(32),
        models.UUIDField: uuid.uuid4(),
        models.DecimalField: Decimal(1),
        models.FileField: "",
        models.BooleanField: False,
        models.IntegerField: number,
    }
    return next(value for kind, value in plain.items() if isinstance(field, kind))


@special("cpo.User")
def _user(number: int) -> dict[str, Any]:
    return {"username": f"user{number}", "email": f"user{number}@rows.example"}


@special("cpo.ApiKey")
def _api_key(number: int) -> dict[str, Any]:
    return {"scopes": ["commands:read"]}


@special("cpo.WebhookEndpoint")
def _webhook(number: int) -> dict[str, Any]:
    return {"url": "https://hooks.example.com/", "event_types": ["*"], "secret": "whsec_MTIz"}


@special("cpo.EventDelivery")
def _delivery(number: int) -> dict[str, Any]:
    return {"next_try_at": clock.now()}


@special("cpo.CPO")
def _cpo(number: int) -> dict[str, Any]:
    return {"name": f"Company {number}"}


@special("chargers.ChargingSession")
def _session(number: int) -> dict[str, Any]:
    from chargers.models import Charger, Connector

    charger = make_row(Charger)
    now = clock.now()
    return {
        "cpo": charger.cpo,
        "charger": charger,
        "connector": make_row(Connector, charger=charger, number=1),
        "status": "ended",
        "started_at": now - timedelta(hours=1),
        "ended_at": now,
        "meter_start_wh": 0,
        "meter_last_wh": 1000,
        "energy_wh": 1000,
    }


@special("chargers.Charger")
def _charger(number: int) -> dict[str, Any]:
    from chargers.models import Location

    location = make_row(Location)
    return {"identity": f"CH-{number:05d}", "location": location, "cpo": location.cpo}


@special("chargers.Location")
def _location(number: int) -> dict[str, Any]:
    return {"name": f"Location {number}"}


@special("chargers.Connector")
def _connector(number: int) -> dict[str, Any]:
    return {"number": 1}


@special("chargers.TariffAssignment")
def _assignment(number: int) -> dict[str, Any]:
    from chargers.models import Charger, Connector

    charger = make_row(Charger)
    return {"charger": charger, "connector": make_row(Connector, charger=charger)}


@special("tariffs.PriceCap")
def _price_cap(number: int) -> dict[str, Any]:
    return {"valid_from": date(2000, 1, 1) + timedelta(days=number)}


@special("tariffs.VatRate")
def _vat_rate(number: int) -> dict[str, Any]:
    return {"valid_from": date(2000, 1, 1) + timedelta(days=number)}


@special("chargers.FirmwareImage")
def _firmware_image(number: int) -> dict[str, Any]:
    return {"external_url": f"https://vendor.example/{number}.bin"}


@special("cpo.AuditEntry")
def _audit_entry(number: int) -> dict[str, Any]:
    return {"subject_type": "cpo.CPO", "subject_id": "x", "before": {"a": 1}, "after": {"a": 2}}


@special("chargers.RemoteStart")
def _remote_start(number: int) -> dict[str, Any]:
    from chargers.models import Charger, Command

    charger = make_row(Charger)
    command = make_row(Command, charger=charger, action="RemoteStartTransaction")
    return {"charger": charger, "command": command, "session": None}


@special("chargers.Reservation")
def _reservation(number: int) -> dict[str, Any]:
    from chargers.models import Charger, Command

    charger = make_row(Charger)
    command = make_row(Command, charger=charger, action="ReserveNow")
    return {"charger": charger, "command": command, "session": None, "created_label": "x"}


@special("payments.BooksProof")
def _proof(number: int) -> dict[str, Any]:
    return {"day": date(2026, 1, 1) + timedelta(days=number)}


@special("payments.StatementLine")
def _statement_line(number: int) -> dict[str, Any]:
    return {"attempt": None, "booking": None}


@special("payments.ChargeLimit")
def _charge_limit(number: int) -> dict[str, Any]:
    return {"minutes": 60, "stop_reason": "minutes", "stop_command": None}


@special("cpo.BankAccountChange")
def _bank_account_change(number: int) -> dict[str, Any]:
    return {"verified_at": None, "verified_by": None}


@special("payments.Payout")
def _payout(number: int) -> dict[str, Any]:
    return {"refund": None, "amount": 50_000 + number}


@special("payments.PrepaidCharge")
def _prepaid_charge(number: int) -> dict[str, Any]:
    from payments.models import PaymentIntent

    return {"intent": make_row(PaymentIntent), "status": "charging", "tariff_snapshot": {}}


@special("payments.Bill")
def _bill(number: int) -> dict[str, Any]:
    from chargers.models import ChargingSession
    from payments.models import LedgerTransaction

    session = make_row(ChargingSession)
    return {
        "session": session,
        "cpo": session.cpo,
        "total": 2_467,
        "available_at": clock.now(),
        "released_at": clock.now(),
        "booking": make_row(LedgerTransaction),
    }


@special("payments.Settlement")
def _settlement(number: int) -> dict[str, Any]:
    return {"decided_by": None, "amount": 50_000 + number}


def _insert(sql: str, *params: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} RETURNING id", params)
        return int(cursor.fetchone()[0])


def _ledger_account(number: int) -> Any:
    from payments.models import LedgerAccount

    sql = (
        "INSERT INTO ledger_account (code, owner_type, owner_id, normal_side)"
        " VALUES (%s, %s, %s, %s)"
    )
    return LedgerAccount.objects.get(pk=_insert(sql, "test_account", "test", str(number), "D"))


def _ledger_transaction(number: int) -> Any:
    from payments.models import LedgerAccount, LedgerTransaction

    pk = _insert(
        "INSERT INTO ledger_transaction (idempotency_key, kind, request_hash, effective_at)"
        " VALUES (%s, 'test', %s, now())",
        f"test:{number}",
        b"hash",
    )
    for side in "DC":
        account, other = make_row(LedgerAccount), make_row(LedgerAccount)
        _entry(pk, account, side)
        _entry(pk, other, "C" if side == "D" else "D")
    return LedgerTransaction.objects.get(pk=pk)


def _entry(transaction_pk: int, account: Any, side: str) -> int:
    # Of either side: an account that starts with a credit has to be allowed to.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_account SET allow_negative = true WHERE id = %s", [account.pk]
        )
    sql = (
        "INSERT INTO ledger_entry (transaction_id, account_id, side, amount)"
        " VALUES (%s, %s, %s, 1000)"
    )
    return _insert(sql, transaction_pk, account.pk, side)


def _ledger_entry(_number: int) -> Any:
    from payments.models import LedgerTransaction

    return make_row(LedgerTransaction).entries.first()


def _ledger_block(_number: int) -> Any:
    from payments.models import LedgerBlock

    sql = "INSERT INTO ledger_block (item_count, prev_hash, hash) VALUES (1, %s, %s)"
    return LedgerBlock.objects.get(pk=_insert(sql, os.urandom(32), os.urandom(32)))


_MAKERS |= {
    "payments.LedgerAccount": _ledger_account,
    "payments.LedgerTransaction": _ledger_transaction,
    "payments.LedgerEntry": _ledger_entry,
    "payments.LedgerBlock": _ledger_block,
}


@special("chargers.CertificateAuthority")
def _certificate_authority(number: int) -> dict[str, Any]:
    return {"active": False, "name": f"Authority {number}"}


@special("chargers.ChargerCertificate")
def _charger_certificate(number: int) -> dict[str, Any]:
    return {"status": "denied", "serial": f"{number:x}"}


@special("chargers.PasswordRotation")
def _password_rotation(number: int) -> dict[str, Any]:
    return {"status": "refused", "settled_at": clock.now()}


@special("ocpi.GivenAuthorization")
def _authorization(number: int) -> dict[str, Any]:
    return {"reference": f"reference-{number}"}


@special("ocpi.ForeignLocation")
def _foreign_location(number: int) -> dict[str, Any]:
    return {"body": "{}"}


@special("ocpi.ForeignTariff")
def _foreign_tariff(number: int) -> dict[str, Any]:
    return {"body": "{}"}


@special("ocpi.ForeignSession")
def _foreign_session(number: int) -> dict[str, Any]:
    return {"body": "{}"}


@special("ocpi.ForeignCdr")
def _foreign_cdr(number: int) -> dict[str, Any]:
    return {"body": "{}", "held_because": ""}


@special("payments.RoamingCharge")
def _roaming_charge(number: int) -> dict[str, Any]:
    return {"net": 0}


@special("tickets.Holiday")
def _holiday(number: int) -> dict[str, Any]:
    return {"date": date(2030, 1, 1) + timedelta(days=number)}


@special("tickets.Ticket")
def _ticket(number: int) -> dict[str, Any]:
    from chargers.models import Connector

    connector = make_row(Connector)
    charger = connector.charger
    return {
        "subject": f"Trouble {number}",
        "cpo": charger.cpo,
        "charger": charger,
        "connector": connector,
    }


def _ticket_rule(number: int) -> Any:
    """There is one per kind, and mostly from the beginning: each in turn."""
    from tickets.models import RuleKind, TicketRule

    values = {"priority": "high", "category": "charger"}
    kind = RuleKind.values[number % len(RuleKind)]
    return TicketRule.objects.get_or_create(kind=kind, defaults=values)[0]


_MAKERS["tickets.TicketRule"] = _ticket_rule
