"""The pages on which staff send a charger a command."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import orjson
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chargers.admin.command_forms import (
    AS_IT_IS,
    COMMANDS,
    CommandForm,
    CommandKind,
    RawForm,
    zone_note,
)
from chargers.models import Charger, ChargingSession, Command, SessionStatus
from chargers.ocpp.profiles import PROFILE_OF, PROFILES
from chargers.ocpp.schemas import ACTIONS_OUT
from chargers.selectors.configuration import known_words
from chargers.services import commands
from chargers.services.doubts import doubts_of
from chargers.store.reservations import next_number
from cpo.models import User
from unievp.lib import clock
from unievp.lib.admin import DeskAdmin
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import DomainError

# The button of who has read the warning.
INSIST = "all-the-same"
_RECENT = 8
_RAW_KIND = CommandKind(
    "data_object",
    gettext_lazy("Send it as it is"),
    gettext_lazy("Any action with any JSON, also what OCPP does not know."),
    careful=True,
)
_RESERVED_FOR = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Group:
    """The commands of a feature profile; `listed`: whether the charger says it has it."""

    name: str
    items: list[dict[str, Any]]
    listed: bool | None


def send_command_view(
    admin: DeskAdmin, request: HttpRequest, charger: Charger, action: str
) -> HttpResponse:
    """GET: choose a command, fill in its form. POST: queue it and show its page.

    Only users who may change chargers; an `action` that is neither one of the 26 nor `AS_IT_IS`
    is 404.
    """
    if not admin.has_change_permission(request, charger):
        raise PermissionDenied
    if action and action not in COMMANDS and action != AS_IT_IS:
        raise Http404
    form = _form(request, charger, action) if action else None
    if isinstance(form, CommandForm) and AS_IT_IS in request.POST:
        form = _as_it_is(form)
        action = AS_IT_IS
    doubts: list[str] = []
    if form is not None and form.is_bound and _is_complete(form) and form.is_valid():
        doubts = _doubts(request, charger, form)
        command = None if doubts else _queue(request, charger, form)
        if command is not None:
            url = reverse("admin:chargers_command_change", args=(command.pk,))
            return HttpResponseRedirect(url)
    context = {**admin.admin_site.each_context(request), **_context(charger, action, form)}
    context |= {"opts": admin.opts, "back": change_page(charger), "doubts": doubts}
    if doubts and isinstance(form, CommandForm):
        context |= {"insist": INSIST, "insisted_on": _fingerprint(form)}
    return TemplateResponse(request, "admin/chargers/send_command.html", context)


def _form(request: HttpRequest, charger: Charger, action: str) -> CommandForm | RawForm:
    data = request.POST if request.method == "POST" else None
    if action == AS_IT_IS:
        return RawForm(data, initial=request.GET.dict())
    return CommandForm(
        data, action=action, zone=_zone(charger), initial=_initial(charger, action, request)
    )


def _is_complete(form: CommandForm | RawForm) -> bool:
    """Whether it was sent to be queued, not to get more rows."""
    return not (isinstance(form, CommandForm) and form.asks_for_rows)


def _as_it_is(form: CommandForm) -> RawForm:
    """What was typed so far, as JSON to be edited."""
    form.is_valid()
    text = orjson.dumps(form.payload(), option=orjson.OPT_INDENT_2).decode()
    return RawForm(None, initial={"action": form.action, "payload_text": text})


def _doubts(request: HttpRequest, charger: Charger, form: CommandForm | RawForm) -> list[str]:
    """What we expect the charger to refuse; nothing for who insists on exactly this payload.

    Sent as it is, it is insisted on.
    """
    if isinstance(form, RawForm) or request.POST.get(INSIST) == _fingerprint(form):
        return []
    return doubts_of(charger, form.action, form.payload())


def _fingerprint(form: CommandForm) -> str:
    """Of the payload that was warned about: another one is looked at anew."""
    return hashlib.blake2b(orjson.dumps(form.payload()), digest_size=12).hexdigest()


def _queue(request: HttpRequest, charger: Charger, form: CommandForm | RawForm) -> Command | None:
    action = form.cleaned_data["action"] if isinstance(form, RawForm) else form.action
    try:
        return commands.queue_command(
            charger, action=action, payload=form.payload(), actor=cast("User", request.user)
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        messages.error(request, str(error))
        return None


def _context(charger: Charger, action: str, form: Form | None) -> dict[str, Any]:
    zone = _zone(charger)
    return {
        "title": _("Command to %(charger)s") % {"charger": charger.identity},
        "charger": charger,
        "original": charger,
        "groups": list(_groups(charger)),
        "action": action,
        "as_it_is": AS_IT_IS,
        "raw_kind": _RAW_KIND,
        "kind": _RAW_KIND if action == AS_IT_IS else COMMANDS.get(action),
        "form": form,
        "blocks": list(form.blocks()) if isinstance(form, CommandForm) else [],
        "zone_note": zone_note(zone) if _asks_for_times(form) else "",
        "actions": sorted(ACTIONS_OUT),
        "online": getattr(getattr(charger, "presence", None), "online", False),
        "recent": Command.objects.filter(charger=charger)[:_RECENT],
    }


def _groups(charger: Charger) -> Iterator[Group]:
    """Every command by its profile; what the charger lists is a hint, never a barrier."""
    words = known_words(charger.pk, "SupportedFeatureProfiles")
    listed = {word.casefold() for word in words} if words is not None else None
    for profile in PROFILES:
        items = [
            {"action": name, "kind": kind}
            for name, kind in COMMANDS.items()
            if PROFILE_OF[name] is profile
        ]
        known = None if listed is None or not profile.word else profile.word.casefold() in listed
        yield Group(_(profile.name), items, known)


def _asks_for_times(form: Form | None) -> bool:
    return form is not None and any(
        field.widget.input_type == "datetime-local"
        for field in form.fields.values()
        if hasattr(field.widget, "input_type")
    )


def _zone(charger: Charger) -> ZoneInfo:
    return ZoneInfo(charger.location.time_zone)


def _initial(charger: Charger, action: str, request: HttpRequest) -> dict[str, Any]:
    """What is most likely meant: connector 1, the session that runs, a soft restart, now."""
    running = ChargingSession.objects.filter(charger=charger, status=SessionStatus.ACTIVE)
    now = clock.now()
    number = int(now.timestamp())
    common: dict[str, Any] = {
        "connectorId": 1,
        "requestId": number,
        "retrieveDate": now,
        "firmware.retrieveDateTime": now,
    }
    if action == "RemoteStopTransaction":
        common["transactionId"] = running.values_list("transaction_id", flat=True).first()
    return common | _INITIAL.get(action, {}) | _moments(action, now) | request.GET.dict()


_PROFILE: Mapping[str, Any] = {
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingSchedule.chargingSchedulePeriod.0.startPeriod": 0,
}
_INITIAL: Mapping[str, dict[str, Any]] = {
    "Reset": {"type": "Soft"},
    "SetChargingProfile": {f"csChargingProfiles.{name}": _PROFILE[name] for name in _PROFILE},
    "GetCompositeSchedule": {"duration": 86_400},
    "ClearChargingProfile": {"connectorId": None},
    "SendLocalList": {"updateType": "Full"},
    "TriggerMessage": {"requestedMessage": "StatusNotification"},
}


def _moments(action: str, now: Any) -> dict[str, Any]:
    if action != "ReserveNow":
        return {}
    return {"expiryDate": now + _RESERVED_FOR, "reservationId": next_number()}
