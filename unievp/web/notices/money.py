"""Settlements and payouts that people are told of."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Max
from django.urls import reverse

from cpo.access import Right
from cpo.services.cursors import advance, position_of
from cpo.services.notifications.telling import notify, people_of, platform_people
from payments.models import Payout, SettlementStatus, SettlementStatusChange
from payments.states import PayoutStatus
from unievp.lib import clock
from unievp.lib.admin import changelist_url

DECIDERS: Final = "payments.change_settlement"
_LOG: Final = "notices.settlements"
_S = SettlementStatus
_EVENTS: Final = {
    _S.APPROVED: "settlement.approved",
    _S.PAID: "settlement.paid",
    _S.REJECTED: "settlement.rejected",
    _S.FAILED: "settlement.failed",
    _S.REVERSED: "settlement.failed",
}
_LOST: Final = (PayoutStatus.FAILED, PayoutStatus.REVERSED)
# The sweep runs each minute; a day without one is noticed otherwise.
_LOOKED_BACK: Final = timedelta(days=1)


def tell_of_settlements() -> int:
    """What changed since the last look; how many people were told."""
    position = position_of(_LOG, begin=_end)
    end = _end()
    changes = SettlementStatusChange.objects.filter(pk__gt=position).order_by("pk")
    told = sum(_tell(change) for change in changes.select_related("settlement__cpo"))
    advance(_LOG, end=end)
    return told


def tell_of_payouts() -> int:
    """The platform's finance staff hear of each payout that failed or came back."""
    since = clock.now() - _LOOKED_BACK
    lost = Payout.objects.filter(status__in=_LOST, ended_at__gte=since)
    told = 0
    for payout in lost.select_related("settlement__cpo", "refund__intent__cpo"):
        cpo = payout.settlement.cpo if payout.settlement else None
        cpo = payout.refund.intent.cpo if payout.refund else cpo
        told += notify(
            platform_people(DECIDERS),
            event="payout.failed",
            key=f"payout:{payout.pk}:{payout.status}",
            args={
                "amount_idr": payout.amount,
                "company": cpo.name if cpo else "",
                "reason": payout.failure,
            },
            link=changelist_url("payments.Payout", status__exact=payout.status),
            cpo=cpo,
        )
    return told


def _end() -> int:
    return SettlementStatusChange.objects.aggregate(end=Max("pk"))["end"] or 0


def _tell(change: SettlementStatusChange) -> int:
    settlement = change.settlement
    key = f"settlement:{settlement.pk}:{change.status}"
    args = {
        "amount_idr": settlement.amount,
        "company": settlement.cpo.name,
        "reason": change.reason,
    }
    if change.status == _S.REQUESTED:
        # Who asks may not approve.
        asker = settlement.requested_by_id
        deciders = [person for person in platform_people(DECIDERS) if person.pk != asker]
        link = changelist_url("payments.Settlement", status__exact=_S.REQUESTED.value)
        event = "settlement.requested"
        return notify(deciders, event=event, key=key, args=args, link=link, cpo=settlement.cpo)
    if change.status not in _EVENTS:
        return 0
    people = people_of(settlement.cpo, Right.MONEY)
    link = f"{reverse('portal:wallet')}?cpo={settlement.cpo_id}"
    event = _EVENTS[_S(change.status)]
    return notify(people, event=event, key=key, args=args, link=link, cpo=settlement.cpo)
