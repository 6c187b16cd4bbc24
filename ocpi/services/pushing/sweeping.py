"""What never arrived: objects that no push row tells of, and those that a person sends again."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from cpo.models import User
from cpo.services import audit
from ocpi.events import PushesDue
from ocpi.models import (
    Cdr,
    OwnToken,
    Partner,
    PartnerStatus,
    PublishedLocation,
    PublishedTariff,
    Push,
    PushLine,
    PushStatus,
    RoamingSession,
)
from ocpi.selectors.parties import cpo_parties_for
from ocpi.services.drivers.publishing import operators
from ocpi.services.pushing.marking import listeners_of, mark_for
from ocpi.states import PUSH
from unievp.lib import clock
from unievp.lib.errors import ConflictError
from unievp.lib.events import publish

_PER_SWEEP: Final = 500
# Whole again, whatever the partner has of it. Elsewhere what it has only says whether there is
# something to take away (a removed tariff), and that must not be forgotten.
_SENT_AS_PATCH: Final = ("locations",)


def sweep_pushes() -> int:
    """Mark what a partner should have and no row knows of; how many.

    What had changed before the partner connected, it fetches itself; sessions and CDRs are its own
    and are always sent.
    """
    marked = 0
    for module in ("tariffs", "locations", "sessions", "cdrs", "tokens"):
        for partner in operators() if module == "tokens" else listeners_of(module):
            for object_id in _missing(partner, module):
                mark_for([partner.pk], module, object_id)
                marked += 1
    return marked


def _missing(partner: Partner, module: str) -> list[str]:
    """Object ids whose newest state was never marked for this partner, the oldest change first."""
    # Times of objects are whole seconds, cut: the mark of a change is never before them.
    told = Push.objects.filter(
        partner=partner,
        module=module,
        object_id=OuterRef("pushed_as"),
        marked_at__gte=OuterRef("last_updated"),
    )
    rows = _objects(partner, module).filter(~Exists(told)).order_by("last_updated")
    return list(rows.values_list("pushed_as", flat=True)[:_PER_SWEEP])


def _objects(partner: Partner, module: str) -> QuerySet[Any]:
    """What the partner should have heard of, with its id in the outbox (`pushed_as`)."""
    since = partner.registered_at or clock.now()
    if module == "locations":
        places = PublishedLocation.objects.filter(
            party__in=cpo_parties_for(partner), last_updated__gt=since
        ).exclude(body="")
        number = Cast("location_id", CharField())
        return places.annotate(pushed_as=Concat(Value("L"), number))
    if module == "tariffs":
        tariffs = PublishedTariff.objects.filter(
            party__in=cpo_parties_for(partner), last_updated__gt=since, removed_at__isnull=True
        )
        return tariffs.annotate(pushed_as=F("ocpi_id"))
    if module == "tokens":
        # As `drivers.publishing.push_id` writes it.
        tokens = OwnToken.objects.filter(last_updated__gt=since)
        return tokens.annotate(pushed_as=Concat("type", Value("/"), "uid"))
    own: type[RoamingSession | Cdr] = RoamingSession if module == "sessions" else Cdr
    return own._default_manager.filter(partner=partner).annotate(pushed_as=F("ocpi_id"))


def resend(push: Push, *, actor: User | str) -> Push:
    """Once more, the whole object, at once. Raises ConflictError for one that waits already."""
    with transaction.atomic():
        row = Push.objects.select_for_update(of=("self",)).get(pk=push.pk)
        if row.status == PushStatus.WAITING and not row.attempts:
            raise ConflictError(_("It is on its way already."), code="push_waiting")
        PUSH.check(row.status, PushStatus.WAITING)
        now = clock.now()
        row.status, row.attempts, row.error = PushStatus.WAITING, 0, ""
        row.wanted, row.marked_at, row.next_at = row.wanted + 1, now, now
        row.known = "" if row.module in _SENT_AS_PATCH else row.known
        row.save()
        PushLine.objects.filter(partner_id=row.partner_id).update(again_at=None)
        audit.record(
            actor=actor,
            action="ocpi_push.resend",
            subject=row.partner,
            after={"object": str(row)},
            cpo=row.partner.cpo,
        )
        publish(PushesDue((row.partner_id,)))
    return row


def resend_dead(partner: Partner, *, actor: User | str) -> int:
    """Everything that was given up for this partner, once more, whole and at once; how many.

    Rows keep the time of their change, so older changes go first, as they would have. Pressed
    twice it finds nothing the second time. Raises ConflictError where nobody would be sent to.
    """
    with transaction.atomic():
        locked = Partner.objects.select_for_update(of=("self",)).get(pk=partner.pk)
        if locked.status not in (PartnerStatus.REGISTERED, PartnerStatus.SUSPENDED):
            raise ConflictError(_("Connect the partner first."), code="partner_not_connected")
        PUSH.check(PushStatus.DEAD, PushStatus.WAITING)
        count = Push.objects.filter(partner=locked, status=PushStatus.DEAD).update(
            status=PushStatus.WAITING,
            attempts=0,
            known=Case(
                When(module__in=_SENT_AS_PATCH, then=Value("", TextField())), default=F("known")
            ),
            error="",
            wanted=F("wanted") + 1,
            next_at=clock.now(),
        )
        if not count:
            return 0
        PushLine.objects.filter(partner=locked).update(again_at=None)
        audit.record(
            actor=actor,
            action="ocpi_partner.resend_dead",
            subject=locked,
            after={"objects": count},
            cpo=locked.cpo,
        )
        publish(PushesDue((locked.pk,)))
    return count


def push_everything(partner: Partner, *, actor: User | str) -> int:
    """Every location and tariff that the partner may see, as if all had changed; how many."""
    parties = cpo_parties_for(partner)
    locations = PublishedLocation.objects.filter(party__in=parties).exclude(body="")
    tariffs = PublishedTariff.objects.filter(party__in=parties, removed_at__isnull=True)
    wanted = [("tariffs", one) for one in tariffs.values_list("ocpi_id", flat=True)]
    wanted += [("locations", f"L{pk}") for pk in locations.values_list("location_id", flat=True)]
    count = 0
    for module, object_id in wanted:
        if listeners_of(module).filter(pk=partner.pk).exists():
            Push.objects.filter(partner=partner, module=module, object_id=object_id).update(
                known=""
            )
            mark_for([partner.pk], module, object_id)
            count += 1
    audit.record(
        actor=actor,
        action="ocpi_partner.push_everything",
        subject=partner,
        after={"objects": count},
        cpo=partner.cpo,
    )
    return count
