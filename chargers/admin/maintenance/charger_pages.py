"""What the charger's own page offers: its configuration, a log, a firmware update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from chargers.admin.maintenance import colours
from chargers.models import Charger, ConfigurationReading, FirmwareImage, LogKind
from chargers.selectors import drift
from chargers.services.configuration.reading import request_reading
from chargers.services.configuration.runs import start_run
from chargers.services.firmware.asking import update_firmware
from chargers.services.logs.asking import request_log
from cpo.models import User
from unievp.lib.admin import DeskAdmin, Question, ask, detail_action, get_row
from unievp.lib.admin.columns import badge
from unievp.lib.admin.confirm import change_page
from unievp.lib.errors import DomainError

if TYPE_CHECKING:
    Base = DeskAdmin
else:
    Base = object

_STATES = {
    drift.SAME: _("as wanted"),
    drift.DIFFERENT: _("differs"),
    drift.UNKNOWN: _("not known to the charger"),
    drift.READ_ONLY: _("differs, read only"),
    drift.NOT_READ: _("never read"),
}


class LogForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What"), choices=LogKind.choices, widget=UnfoldAdminSelectWidget()
    )
    since = forms.SplitDateTimeField(
        label=_("From"), required=False, widget=UnfoldAdminSplitDateTimeWidget()
    )
    until = forms.SplitDateTimeField(
        label=_("To"), required=False, widget=UnfoldAdminSplitDateTimeWidget()
    )
    location = forms.CharField(
        label=_("Upload to another address"),
        required=False,
        max_length=400,
        help_text=_(
            "Empty: to us, by HTTP. Chargers that speak only FTP need an ftp:// address of yours."
        ),
        widget=UnfoldAdminTextInputWidget(),
    )


class FirmwareForm(forms.Form):
    image = forms.ModelChoiceField(
        label=_("Image"),
        queryset=FirmwareImage.objects.none(),
        widget=UnfoldAdminSelectWidget(),
    )


class MaintenanceActions(Base):
    """Mixed into the charger's admin page."""

    @detail_action(_("Configuration"), url_path="configuration", icon="tune")
    def configuration(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        if request.method == "POST":
            return self._change(request, charger)
        lines = drift.configuration_of(charger)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Configuration of %(charger)s") % {"charger": charger.identity},
            "lines": [(line, _badge(line)) for line in lines],
            "differing": sum(line.can_be_applied and line.wanted is not None for line in lines),
            "reading": ConfigurationReading.objects.filter(charger=charger).first(),
            "back": change_page(charger),
            "original": charger,
            "opts": self.opts,
        }
        return TemplateResponse(request, "admin/chargers/configuration.html", context)

    def _change(self, request: HttpRequest, charger: Charger) -> HttpResponse:
        try:
            if "apply" in request.POST:
                values = {
                    line.key: line.wanted
                    for line in drift.drift_of(charger)
                    if line.can_be_applied and line.wanted is not None
                }
                run = start_run(
                    {charger: values},
                    name=str(charger.identity),
                    actor=cast("User", request.user),
                    cpo=charger.cpo,
                    insist=True,
                )
                return HttpResponseRedirect(change_page(run))
            request_reading(charger)
            self.message_user(request, _("It is read when the charger is connected."))
        except DomainError as error:
            return self.refused(request, error)
        return HttpResponseRedirect(request.get_full_path())

    @detail_action(_("Fetch a log"), url_path="fetch-log", icon="description")
    def fetch_log(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        question = Question(
            title=_("Fetch a log"),
            text=_("The charger collects it and uploads it; that may take a few minutes."),
            submit=_("Ask for it"),
            form_class=LogForm,
        )

        def run(answer: dict[str, Any]) -> HttpResponse:
            answer["kind"] = LogKind(answer["kind"])
            log = request_log(charger, actor=cast("User", request.user), **answer)
            return HttpResponseRedirect(change_page(log))

        return ask(self, request, charger, question, run)

    @detail_action(_("Update firmware"), url_path="update-firmware", icon="system_update_alt")
    def update_firmware(self, request: HttpRequest, object_id: str) -> HttpResponse:
        charger = get_row(self, request, object_id)
        images = FirmwareImage.objects.filter(retired_at__isnull=True)
        fitting = [image.pk for image in images if image.fits(charger)]

        class Form(FirmwareForm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                self.fields["image"].queryset = images.filter(pk__in=fitting)  # type: ignore[attr-defined]  # a ModelChoiceField

        question = Question(
            title=_("Update firmware"),
            text=_("It runs %(version)s. While it charges, the update waits.")
            % {"version": charger.firmware_version or "-"},
            submit=_("Update"),
            danger=True,
            form_class=Form,
        )

        def run(answer: dict[str, Any]) -> HttpResponse:
            update = update_firmware(
                charger, image=answer["image"], actor=cast("User", request.user)
            )
            return HttpResponseRedirect(change_page(update))

        return ask(self, request, charger, question, run)


def _badge(line: drift.KeyDrift) -> Any:
    if line.wanted is None and line.state == drift.SAME:
        return ""
    return badge(_STATES[line.state], colours.DRIFT[line.state])
