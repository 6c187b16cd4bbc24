"""The public list of a company's locations: switched on by its owner, read by everybody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, Max, QuerySet

from cpo.access import Actor, Right, audit_name, require_right
from cpo.models import CPO, CPOStatus
from cpo.services import audit
from ocpi.models import Party, PartyRole, PublishedLocation, PublishedTariff
from ocpi.services.parties import ensure_party
from unievp.lib import clock

_SETTLED_AFTER: Final = timedelta(seconds=2)


def publish_to_everybody(cpo: CPO, *, wanted: bool, actor: Actor) -> Party:
    """Switch the list on or off. Raises ForbiddenError, ConflictError (no party id is free)."""
    require_right(actor, cpo, Right.MANAGE)
    with transaction.atomic():
        party = Party.objects.select_for_update().get(
            pk=ensure_party(cpo, actor=audit_name(actor)).pk
        )
        if party.open_data != wanted:
            party.open_data = wanted
            party.save(update_fields=["open_data"])
            audit.record(
                actor=audit_name(actor),
                action="ocpi_party.open_data",
                subject=party,
                before={"open_data": not wanted},
                after={"open_data": wanted},
                cpo=cpo,
            )
    return party


def open_party(code: str) -> Party | None:
    """Of `ID-NUS`, while the company is verified and wants to be found."""
    if not code.isprintable():
        # A NUL is no name, and no question to the database.
        return None
    country_code, _dash, party_id = code.partition("-")
    return Party.objects.filter(
        country_code__iexact=country_code,
        party_id__iexact=party_id,
        role=PartyRole.CPO,
        open_data=True,
        cpo__status=CPOStatus.VERIFIED,
    ).first()


def open_locations(party: Party) -> QuerySet[PublishedLocation]:
    return (
        PublishedLocation.objects.filter(party=party, is_published=True)
        .exclude(body="")
        .order_by("location_id")
    )


def open_tariffs(party: Party) -> QuerySet[PublishedTariff]:
    return PublishedTariff.objects.filter(party=party, removed_at__isnull=True).order_by("ocpi_id")


def version_of(party: Party) -> tuple[str, datetime | None]:
    """What moves with every change of the list, and the time of the latest.

    Times are whole seconds: of a list that has just changed nobody may believe that it will not
    change again within the same one, so its version is good once and it has no time.
    """
    places = open_locations(party).aggregate(count=Count("pk"), last=Max("last_updated"))
    prices = open_tariffs(party).aggregate(count=Count("pk"), last=Max("last_updated"))
    times = [each["last"] for each in (places, prices) if each["last"] is not None]
    last = max(times, default=None)
    stamp = int(last.timestamp()) if last else 0
    version = f"{party.pk}-{places['count']}-{prices['count']}-{stamp}"
    now = clock.now()
    if last is not None and now - last < _SETTLED_AFTER:
        return f"{version}-{now.timestamp()}", None
    return version, last
