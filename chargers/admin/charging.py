"""A charger's charging profiles on one page: what it holds, what that adds up to, one more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from chargers.admin import charging_words as words
from chargers.admin.charging_form import ProfileForm
from chargers.models import Charger, ChargingProfile, ProfileState, RateUnit
from chargers.selectors import charging_profiles
from chargers.services.smart_charging import installing
from chargers.services.smart_charging.limits import limits_of
from chargers.smart_charging.comparison import Row, compare
from chargers.smart_charging.units import RateUnit as Unit
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import DeskAdmin, pretty_json
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import DomainError

_OUTLOOK = timedelta(days=1)
_RECENT = 10


def charging_view(admin: DeskAdmin, request: HttpRequest, charger: Charger) -> HttpResponse:
    """GET: the page. POST: install, clear or ask (`do`), then the page again."""
    form = ProfileForm(None)
    if request.method == "POST":
        if not admin.has_change_permission(request, charger):
            raise PermissionDenied
        form, done = _do(admin, request, charger)
        if done:
            return HttpResponseRedirect(request.get_full_path())
    now = clock.now()
    number, unit = _asked(request)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("Charging profiles of %(charger)s") % {"charger": charger.identity},
        "charger": charger,
        "original": charger,
        "opts": admin.opts,
        "back": change_page(charger),
        "form": form,
        "limits": limits_of(charger.pk),
        "held": [_held(row, now) for row in charging_profiles.installed(charger.pk, now)],
        "others": ChargingProfile.objects.filter(charger=charger)
        .exclude(state=ProfileState.INSTALLED)
        .select_related("charger")[:_RECENT],
        "numbers": [0, *charger.connectors.order_by("number").values_list("number", flat=True)],
        "number": number,
        "unit": unit,
        **_composite(charger, number, unit, now),
    }
    return TemplateResponse(request, "admin/chargers/charging.html", context)


def _asked(request: HttpRequest) -> tuple[int, Unit]:
    text = request.GET.get("connector", "1")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 1
    unit: Unit = "W" if request.GET.get("unit") == RateUnit.WATT else "A"
    return number, unit


def _do(admin: DeskAdmin, request: HttpRequest, charger: Charger) -> tuple[ProfileForm, bool]:
    actor = cast("User", request.user)
    number, unit = _asked(request)
    try:
        if request.POST.get("do") == "clear":
            profile_id = request.POST.get("profile_id", "")
            if not profile_id.isdigit() or len(profile_id) > 10:
                return ProfileForm(None), True
            installing.clear_profiles(charger, actor=actor, profile_id=int(profile_id))
        elif request.POST.get("do") == "ask":
            installing.ask_composite(
                charger, connector=number, duration=_OUTLOOK, unit=unit, actor=actor
            )
        else:
            return _install(admin, request, charger)
    except DomainError as error:
        admin.message_user(request, str(error), messages.ERROR)
    else:
        admin.message_user(request, _("Sent."), messages.SUCCESS)
    return ProfileForm(None), True


def _install(admin: DeskAdmin, request: HttpRequest, charger: Charger) -> tuple[ProfileForm, bool]:
    form = ProfileForm(request.POST)
    if not form.is_valid():
        return form, False
    try:
        installing.install_profile(
            charger,
            profile=form.profile(installing.next_profile_id(charger)),
            actor=cast("User", request.user),
            insist=form.cleaned_data["insist"],
        )
    except DomainError as error:
        form.add_refusal(error.field, str(error))
        return form, False
    admin.message_user(request, _("Sent."), messages.SUCCESS)
    return form, True


def _held(row: ChargingProfile, now: datetime) -> dict[str, Any]:
    periods = [
        f"{timedelta(seconds=period.start_s)} {words.limit(period.limit, row.rate_unit)}"
        for period in row.periods.all()
    ]
    until = words.clock_time(row.valid_to, now) if row.valid_to else "-"
    url = reverse("admin:chargers_chargingprofile_change", args=(row.pk,))
    return {"row": row, "periods": ", ".join(periods), "until": until, "url": url}


def _composite(charger: Charger, number: int, unit: Unit, now: datetime) -> dict[str, Any]:
    slots = charging_profiles.composite(charger, number, now=now, unit=unit, duration=_OUTLOOK)
    command = charging_profiles.latest_composite_answer(charger.pk, number)
    asked_at = (command.answered_at or command.created_at) if command else now
    answer = command.response if command else None
    rows = compare(slots, answer, asked_at=asked_at, unit=unit)
    return {
        "rows": [_shown(row, unit, now) for row in rows],
        "answer": pretty_json(answer) if answer else None,
        "answered_at": asked_at if command else None,
        "said": any(row.said for row in rows),
    }


def _shown(row: Row, unit: str, now: datetime) -> dict[str, Any]:
    return {
        "begin": words.clock_time(row.begin, now),
        "ours": words.limit(row.ours, unit),
        "theirs": words.limit(row.theirs, unit) if row.said else "-",
        "differs": row.differs,
        "reason": words.reason(row.slot, unit, now),
    }
