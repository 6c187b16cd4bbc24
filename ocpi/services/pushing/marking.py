"""Which partners have to hear of an object, noted in the transaction that changed it."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F, Q, QuerySet

from ocpi.events import PushesDue
from ocpi.models import InterfaceRole, Partner, PartnerStatus, Party, Push, PushStatus
from unievp.lib import clock
from unievp.lib.events import publish


def mark(
    module: str, object_id: str, *, party: Party | None = None, partner_id: int | None = None
) -> None:
    """Everybody who sees `party` is to hear of it, or `partner_id` alone.

    Partners that take no pushes of the module fetch it. One that is away hears when it is back.
    """
    listeners = listeners_of(module)
    if partner_id is not None:
        listeners = listeners.filter(pk=partner_id)
    elif party is not None:
        listeners = listeners.filter(Q(cpo__isnull=True) | Q(cpo_id=party.cpo_id))
    mark_for(listeners.values_list("pk", flat=True), module, object_id)


def listening_side(module: str) -> InterfaceRole:
    """Where a partner hears of the module: changes of a profile go to who set it (§14.2.2)."""
    return InterfaceRole.SENDER if module == "chargingprofiles" else InterfaceRole.RECEIVER


def listeners_of(module: str) -> QuerySet[Partner]:
    """Connected partners that hear of the module, also those that are paused."""
    return Partner.objects.filter(
        status__in=[PartnerStatus.REGISTERED, PartnerStatus.SUSPENDED],
        endpoints__identifier=module,
        endpoints__role=listening_side(module),
    )


def mark_for(partner_ids: Iterable[int], module: str, object_id: str) -> None:
    """The newest state is wanted there, whatever was on its way before."""
    wanted = tuple(partner_ids)
    if not wanted:
        return
    now = clock.now()
    with transaction.atomic():
        Push.objects.bulk_create(
            [
                Push(
                    partner_id=partner_id,
                    module=module,
                    object_id=object_id,
                    wanted=0,
                    marked_at=now,
                    next_at=now,
                )
                for partner_id in wanted
            ],
            ignore_conflicts=True,
        )
        Push.objects.filter(partner_id__in=wanted, module=module, object_id=object_id).update(
            wanted=F("wanted") + 1,
            status=PushStatus.WAITING,
            attempts=0,
            marked_at=now,
            next_at=now,
        )
        publish(PushesDue(wanted))
