from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.admin.maintenance import colours
from chargers.models import FirmwareImage, FirmwareUpdate
from chargers.services.firmware import images
from cpo.admin import AuditedAdmin
from cpo.models import User
from unievp.lib.admin import (
    Question,
    ReadOnlyAdmin,
    ask,
    change_link,
    column,
    detail_action,
    get_row,
    when,
)

# What a signature or a charger already relies on stays as it was added.
_FIXED = ("cpo", "version", "file_text", "external_url", "signature", "signing_certificate")


@admin.register(FirmwareImage)
class FirmwareImageAdmin(AuditedAdmin):
    list_display = (
        "version", "vendor_pattern", "model_pattern", "cpo", "signed", "signed_only", "file_text",
        "retired",
    )  # fmt: skip
    list_filter = (("cpo", AutocompleteSelectFilter), ("retired_at", admin.EmptyFieldListFilter))
    list_select_related = ("cpo",)
    search_fields = ("version", "vendor_pattern", "model_pattern", "sha256__iexact")
    autocomplete_fields = ("cpo",)
    actions_detail = ("retire",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        patterns = ("vendor_pattern", "model_pattern")
        signing = ("signature", "signing_certificate", "signed_only")
        if obj is None:
            return (("version", "cpo"), patterns, "file", "external_url", *signing, "notes")
        return (
            ("version", "cpo"), patterns, ("file_text", "external_url"), "sha256", *signing,
            ("created_at", "retired"), "notes",
        )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else (*_FIXED, "signed_only", "sha256", "created_at", "retired")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Retired instead: updates tell which image they were of."""
        return False

    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        if change or not isinstance(obj, FirmwareImage):
            super().save_model(request, obj, form, change)
            return
        upload = form.cleaned_data.get("file") or None
        obj.file.name = ""
        images.store_image(obj, upload=upload, actor=cast("User", request.user))

    @column(_("signed"), boolean=True)
    def signed(self, image: FirmwareImage) -> bool:
        return image.is_signed

    @column(_("file"))
    def file_text(self, image: FirmwareImage) -> str:
        if not image.file:
            return image.external_url or "-"
        return f"{image.file_name} ({filesizeformat(image.size)})"

    @column(_("retired"), ordering="retired_at")
    def retired(self, image: FirmwareImage) -> str:
        return when(image.retired_at)

    @detail_action(_("Retire"), url_path="retire", icon="inventory_2")
    def retire(self, request: HttpRequest, object_id: str) -> HttpResponse:
        image = get_row(self, request, object_id)
        question = Question(
            title=_("Retire this image"),
            text=_("No new update may use it. Updates under way go on."),
            submit=_("Retire"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> None:
            images.retire_image(image, actor=cast("User", request.user))

        return ask(self, request, image, question, run)


@admin.register(FirmwareUpdate)
class FirmwareUpdateAdmin(ReadOnlyAdmin):
    list_display = (
        "charger_link", "state", "version", "says", "campaign_link", "wave", "attempts", "since",
        "error",
    )  # fmt: skip
    list_filter = (
        "status",
        ("campaign", AutocompleteSelectFilter),
        ("charger", AutocompleteSelectFilter),
        ("image", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger", "image", "campaign")
    search_fields = ("charger__identity", "image__version", "campaign__name")
    fields = (
        ("charger_link", "state"),
        ("image_link", "campaign_link"),
        ("from_version", "version"),
        ("form", "attempts"),
        ("says", "reported_at"),
        ("asked_at", "since"),
        ("due_at", "finished_at"),
        ("downloads", "command_link"),
        "error",
    )
    readonly_fields = tuple(
        name for pair in fields for name in ((pair,) if isinstance(pair, str) else pair)
    )

    @column(_("charger"), ordering="charger__identity")
    def charger_link(self, update: FirmwareUpdate) -> SafeString | str:
        return change_link(update.charger, update.charger.identity)

    @column(_("status"), ordering="status", label=colours.UPDATE)
    def state(self, update: FirmwareUpdate) -> Any:
        return update.status, update.get_status_display()

    @column(_("version"), ordering="image__version")
    def version(self, update: FirmwareUpdate) -> str:
        return update.image.version

    @column(_("charger says"), ordering="reported")
    def says(self, update: FirmwareUpdate) -> str:
        return update.reported or "-"

    @column(_("image"))
    def image_link(self, update: FirmwareUpdate) -> SafeString | str:
        return change_link(update.image)

    @column(_("campaign"), ordering="campaign__name")
    def campaign_link(self, update: FirmwareUpdate) -> SafeString | str:
        return change_link(update.campaign)

    @column(_("command"))
    def command_link(self, update: FirmwareUpdate) -> SafeString | str:
        return "-" if update.command is None else change_link(update.command, update.command.action)

    @column(_("since"), ordering="phase_since")
    def since(self, update: FirmwareUpdate) -> str:
        return when(update.phase_since)
