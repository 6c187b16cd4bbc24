from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from chargers.admin.maintenance import colours
from chargers.models import OPEN_UPDATES, CampaignStatus, FirmwareCampaign, UpdateStatus
from chargers.services.firmware import campaigns
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib.admin import (
    Question,
    ask,
    column,
    detail_action,
    get_row,
    list_link,
    when,
)
from unievp.lib.admin.confirm import ReasonForm

_NUMBERS = (
    ("canaries", "wave_percent"),
    ("success_percent", "soak_minutes"),
    ("stop_at_failures", "attempts"),
    ("parallel", "patience_h"),
)
_COUNTED = {
    "waiting": (UpdateStatus.WAITING,),
    "under_way": OPEN_UPDATES,
    "confirmed": (UpdateStatus.CONFIRMED,),
    "failed": (UpdateStatus.FAILED,),
    "left_out": (UpdateStatus.SKIPPED, UpdateStatus.CANCELLED),
}


@admin.register(FirmwareCampaign)
class FirmwareCampaignAdmin(AuditedAdmin):
    list_display = ("name", "state", "image", "cpo", "wave", "progress", "halted_because")
    list_filter = (
        "status",
        ("cpo", AutocompleteSelectFilter),
        ("image", AutocompleteSelectFilter),
    )
    list_select_related = ("cpo", "image")
    search_fields = ("name", "image__version")
    autocomplete_fields = ("cpo", "image")
    actions_detail = ("add_fitting", "start", "pause", "resume", "retry", "abort")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = (("name", "image"), ("cpo", "not_before"), *_NUMBERS)
        if obj is None:
            return fields
        status = (("state", "progress"), ("wave", "begun"), "halted_because", "chargers")
        return (*status, *fields)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        shown = ("state", "progress", "wave", "begun", "halted_because", "chargers")
        if obj is None:
            return ()
        if obj.status != CampaignStatus.DRAFT:
            return (*shown, "image", "cpo", "canaries", "wave_percent")
        # Its chargers are of this image and this CPO.
        return (*shown, "image", "cpo") if obj.updates.exists() else shown

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[FirmwareCampaign]:
        rows: QuerySet[FirmwareCampaign] = super().get_queryset(request)
        return rows.annotate(
            **{
                f"n_{name}": Count("updates", filter=Q(updates__status__in=statuses))
                for name, statuses in _COUNTED.items()
            }
        )

    @column(_("status"), ordering="status", label=colours.CAMPAIGN)
    def state(self, campaign: FirmwareCampaign) -> Any:
        return campaign.status, campaign.get_status_display()

    @column(
        _("progress"),
        label={
            "confirmed": "success",
            "failed": "danger",
            "under_way": "primary",
            "left_out": "warning",
        },
    )
    def progress(self, campaign: Any) -> list[tuple[str, str]]:
        words = {
            "confirmed": _("done"),
            "under_way": _("under way"),
            "failed": _("failed"),
            "left_out": _("left out"),
            "waiting": _("waiting"),
        }
        counts = {name: getattr(campaign, f"n_{name}") for name in words}
        return [(name, f"{count} {words[name]}") for name, count in counts.items() if count]

    @column(_("wave since"))
    def begun(self, campaign: FirmwareCampaign) -> str:
        return when(campaign.wave_since)

    @column(_("chargers"))
    def chargers(self, campaign: FirmwareCampaign) -> SafeString:
        return list_link("chargers.firmwareupdate", _("show"), campaign__id__exact=campaign.pk)

    @detail_action(_("Add fitting chargers"), url_path="add-fitting", icon="playlist_add")
    def add_fitting(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = get_row(self, request, object_id)
        fitting = campaigns.fitting_chargers(campaign)
        text = _("%(count)d chargers are of this make and do not run this version.")
        question = Question(
            title=_("Add fitting chargers"), text=text % {"count": len(fitting)}, submit=_("Add")
        )

        def run(_answer: dict[str, Any]) -> None:
            actor = cast("User", request.user)
            campaigns.add_chargers(campaign, chargers=fitting, actor=actor)

        return ask(self, request, campaign, question, run)

    @detail_action(_("Start"), url_path="start", icon="play_arrow")
    def start(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("The canaries are asked first. Chargers that charge are waited for.")
        return self._steer(request, object_id, _("Start"), text, campaigns.start_campaign)

    @detail_action(_("Pause"), url_path="pause", icon="pause")
    def pause(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("No further charger is asked. Updates under way go on.")
        return self._steer(request, object_id, _("Pause"), text, campaigns.pause_campaign)

    @detail_action(_("Resume"), url_path="resume", icon="resume")
    def resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("It goes on in spite of the failures so far. Look at them first.")
        return self._steer(request, object_id, _("Resume"), text, campaigns.resume_campaign)

    @detail_action(_("Retry failed"), url_path="retry", icon="replay")
    def retry(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("Chargers that failed or were left out wait for their turn again.")
        return self._steer(request, object_id, _("Retry"), text, campaigns.retry_failed)

    @detail_action(_("Abort"), url_path="abort", icon="cancel")
    def abort(self, request: HttpRequest, object_id: str) -> HttpResponse:
        text = _("Chargers that were not asked are not asked. A download cannot be called back.")
        return self._steer(
            request, object_id, _("Abort"), text, campaigns.abort_campaign, with_reason=True
        )

    def _steer(
        self,
        request: HttpRequest,
        object_id: str,
        title: Any,
        text: Any,
        service: Callable[..., Any],
        *,
        with_reason: bool = False,
    ) -> HttpResponse:
        campaign = get_row(self, request, object_id)
        question = Question(title=title, text=text, submit=title, danger=with_reason)
        if with_reason:
            question = Question(
                title=title, text=text, submit=title, danger=True, form_class=ReasonForm
            )

        def run(answer: dict[str, Any]) -> None:
            service(campaign, actor=cast("User", request.user), **answer)

        return ask(self, request, campaign, question, run)
