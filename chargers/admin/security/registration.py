"""Lists: chargers that came in by themselves, and new passwords that were sent to chargers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateTimeFilter

from chargers.models import PasswordRotation, RotationStatus, SelfAdoption
from unievp.lib.admin import ReadOnlyAdmin, change_link, column, when

_ROTATIONS = {
    RotationStatus.ASKED: "info",
    RotationStatus.UNSURE: "warning",
    RotationStatus.DONE: "success",
    RotationStatus.REFUSED: "danger",
    RotationStatus.UNSENT: "danger",
}


@admin.register(PasswordRotation)
class PasswordRotationAdmin(ReadOnlyAdmin):
    """Of the password itself nothing is shown."""

    list_display = ("asked", "of", "state", "by", "settled")
    list_filter = (
        "status",
        ("charger", AutocompleteSelectFilter),
        ("asked_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger", "command__charger")
    search_fields = ("charger__identity",)
    fields = (("of", "state"), ("asked", "settled"), "by")
    readonly_fields = ("of", "state", "asked", "settled", "by")

    @column(_("charger"), ordering="charger__identity")
    def of(self, rotation: PasswordRotation) -> Any:
        return change_link(rotation.charger, rotation.charger.identity)

    @column(_("status"), ordering="status", label=_ROTATIONS)
    def state(self, rotation: PasswordRotation) -> Any:
        return rotation.status, rotation.get_status_display()

    @column(_("command"))
    def by(self, rotation: PasswordRotation) -> Any:
        return change_link(rotation.command)

    @column(_("asked"), ordering="asked_at")
    def asked(self, rotation: PasswordRotation) -> str:
        return when(rotation.asked_at)

    @column(_("settled"), ordering="settled_at")
    def settled(self, rotation: PasswordRotation) -> str:
        return when(rotation.settled_at)


@admin.register(SelfAdoption)
class SelfAdoptionAdmin(ReadOnlyAdmin):
    list_display = ("came", "of", "remote_address", "settled")
    list_filter = (
        ("settled_at", admin.EmptyFieldListFilter),
        ("charger__cpo", AutocompleteSelectFilter),
        ("came_at", RangeDateTimeFilter),
    )
    list_select_related = ("charger",)
    search_fields = ("charger__identity", "remote_address")
    ordering = ("-came_at",)
    fields = (("of", "remote_address"), ("came", "settled"))
    readonly_fields = ("of", "remote_address", "came", "settled")

    @column(_("charger"), ordering="charger__identity")
    def of(self, adoption: SelfAdoption) -> Any:
        return change_link(adoption.charger, adoption.charger.identity)

    @column(_("came"), ordering="came_at")
    def came(self, adoption: SelfAdoption) -> str:
        return when(adoption.came_at)

    @column(_("settled"), ordering="settled_at")
    def settled(self, adoption: SelfAdoption) -> str:
        return when(adoption.settled_at)
