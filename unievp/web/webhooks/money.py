"""Payments and settlements move from status to status; as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from cpo.services.webhooks.catalogue import TYPES
from cpo.services.webhooks.outbox import Listeners, News
from payments.api.payment_serializers import shown_payment
from payments.api.settlements import SettlementView
from payments.models import PaymentEvent, Settlement, SettlementStatusChange
from unievp.web.webhooks.source import Log, Source

# Whoever has them may pay, or stop the charge: they are the driver's.
_DRIVERS_OWN: Final = ("page_url", "checkout")
# Lines of a payment's history that tell of money again although its status stays.
_MONEY_MOVED: Final = frozenset({"refunded", "refund_returned"})
_HISTORY: Final = Log(PaymentEvent, "intent__cpo")
_CHANGES: Final = Log(SettlementStatusChange, "settlement__cpo")


def payment_events_of(intent_ids: Sequence[UUID]) -> list[int]:
    rows = PaymentEvent.objects.filter(intent__in=intent_ids)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _payments(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = PaymentEvent.objects.filter(pk__in=ids).select_related("intent").order_by("pk")
    shown: dict[UUID, dict[str, Any]] = {}
    news = []
    for event in told.of(rows, "intent__cpo"):
        if not _is_news(event):
            continue
        if event.intent_id not in shown:
            shown[event.intent_id] = _payment(event)
        data = shown[event.intent_id] | {"event_status": event.status}
        key = PAYMENTS.key(event.pk)
        news.append(News(f"payment.{event.status}", key, event.intent.cpo_id, event.at, data))
    return news


def _payment(event: PaymentEvent) -> dict[str, Any]:
    data = shown_payment(event.intent)
    return {name: value for name, value in data.items() if name not in _DRIVERS_OWN}


def _is_news(event: PaymentEvent) -> bool:
    """Most lines of the history change nothing that others see."""
    if event.kind in _MONEY_MOVED:
        return True
    earlier = PaymentEvent.objects.filter(intent_id=event.intent_id, pk__lt=event.pk)
    last = earlier.order_by("-pk").first()
    return last is None or last.status != event.status


def settlement_changes_of(settlement_ids: Sequence[int]) -> list[int]:
    rows = SettlementStatusChange.objects.filter(settlement__in=settlement_ids)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _settlements(ids: Sequence[int], told: Listeners) -> list[News]:
    rows = SettlementStatusChange.objects.filter(pk__in=ids).order_by("pk")
    changes = list(told.of(rows, "settlement__cpo"))
    whole = Settlement.objects.select_related(
        "requested_by", "requested_key", "decided_by", "decided_key"
    ).in_bulk([change.settlement_id for change in changes])
    return [
        News(
            f"settlement.{change.status}",
            SETTLEMENTS.key(change.pk),
            whole[change.settlement_id].cpo_id,
            change.at,
            {**SettlementView(whole[change.settlement_id]).data, "event_status": change.status},
        )
        for change in changes
    ]


def _types(group: str) -> tuple[str, ...]:
    return tuple(name for name in TYPES if name.startswith(f"{group}."))


PAYMENTS = Source("payment.history", _types("payment"), _HISTORY.end, _HISTORY.read, _payments)
SETTLEMENTS = Source(
    "settlement.history",
    _types("settlement"),
    _CHANGES.end,
    _CHANGES.read,
    _settlements,
)
