"""What a person wants to be told, by which channel, and at which hours."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import available_timezones

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpo.models import MailWhen
from cpo.services.notifications.choosing import (
    Wanted,
    choices_of,
    choose,
    kinds_for,
    set_times,
    times_of,
)
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.posting import do_and_return

_VIEW: Final = "portal:notification_choices"
# Indonesia's own first.
_ZONES: Final = ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura")


@require_GET
@early_page
def choices(request: HttpRequest, desk: Desk) -> HttpResponse:
    wanted = choices_of(desk.user)
    areas: dict[str, list[Any]] = {}
    for name, kind in kinds_for(desk.user).items():
        areas.setdefault(str(kind.area), []).append((name, kind, wanted[name]))
    context = {
        "desk": desk,
        "areas": areas.items(),
        "when": MailWhen.choices,
        "times": times_of(desk.user),
        "zones": [*_ZONES, *sorted(available_timezones() - set(_ZONES))],
    }
    return render(request, "portal/notifications/choices.html", context)


@require_POST
@early_page
def save_choices(request: HttpRequest, desk: Desk) -> HttpResponse:
    in_bell = set(request.POST.getlist("bell"))
    wanted = {
        name: Wanted(name in in_bell, request.POST[f"mail.{name}"])
        for name in kinds_for(desk.user)
        if f"mail.{name}" in request.POST
    }

    def act() -> None:
        choose(desk.user, wanted)

    return do_and_return(request, act, _("Saved."), _VIEW)


@require_POST
@early_page
def save_times(request: HttpRequest, desk: Desk) -> HttpResponse:
    def act() -> None:
        set_times(
            desk.user,
            time_zone=request.POST.get("time_zone", ""),
            quiet_from=request.POST.get("quiet_from", ""),
            quiet_until=request.POST.get("quiet_until", ""),
            digest_at=request.POST.get("digest_at", ""),
        )

    return do_and_return(request, act, _("Saved."), _VIEW)
