"""The page on which staff send a charger a command."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from chargers.admin.command_form import COMMANDS, CommandForm
from chargers.models import Charger, ChargingSession, Command, SessionStatus
from chargers.services import commands
from cpo.models import User
from unievp.lib.admin import DeskAdmin
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import DomainError

_RECENT = 8


def send_command_view(
    admin: DeskAdmin, request: HttpRequest, charger: Charger, action: str
) -> HttpResponse:
    """GET: choose a command, fill in its form. POST: queue it and show its page.

    Only users who may change chargers; `action` not in `COMMANDS` is 404.
    """
    if not admin.has_change_permission(request, charger):
        raise PermissionDenied
    if action and action not in COMMANDS:
        raise Http404
    form = None
    if action:
        data = request.POST if request.method == "POST" else None
        form = CommandForm(data, action=action, initial=_initial(charger, action, request))
        if data is not None and form.is_valid():
            command = _queue(request, charger, action, form)
            if command is not None:
                url = reverse("admin:chargers_command_change", args=(command.pk,))
                return HttpResponseRedirect(url)
    context: dict[str, Any] = {
        **admin.admin_site.each_context(request),
        "title": _("Command to %(charger)s") % {"charger": charger.identity},
        "charger": charger,
        "original": charger,
        "kinds": [{"action": name, "kind": kind} for name, kind in COMMANDS.items()],
        "action": action,
        "kind": COMMANDS.get(action),
        "form": form,
        "online": getattr(getattr(charger, "presence", None), "online", False),
        "recent": Command.objects.filter(charger=charger)[:_RECENT],
        "back": change_page(charger),
        "opts": admin.opts,
    }
    return TemplateResponse(request, "admin/chargers/send_command.html", context)


def _queue(
    request: HttpRequest, charger: Charger, action: str, form: CommandForm
) -> Command | None:
    try:
        return commands.queue_command(
            charger, action=action, payload=form.payload(), actor=cast("User", request.user)
        )
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        messages.error(request, str(error))
        return None


def _initial(charger: Charger, action: str, request: HttpRequest) -> dict[str, Any]:
    """What is most likely meant: connector 1, the session that runs, a soft restart."""
    running = ChargingSession.objects.filter(charger=charger, status=SessionStatus.ACTIVE)
    initial: dict[str, Any] = {
        "connectorId": 1,
        "transactionId": running.values_list("transaction_id", flat=True).first(),
    }
    if action == "Reset":
        initial["type"] = "Soft"
    return initial | request.GET.dict()
