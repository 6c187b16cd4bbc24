from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from cpo.models import ApiKey, User
from cpo.services.api_keys import revoke_api_key
from unievp.lib import clock
from unievp.lib.admin import ReadOnlyAdmin, column, detail_action, since, when
from unievp.lib.admin.confirm import Question, ask, get_row


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """Keys are made by `manage.py create_apikey`: the text is shown once, there."""

    list_display = ("name", "shown", "company", "may_do", "state", "created", "used")
    list_filter = (("cpo", AutocompleteSelectFilter),)
    list_select_related = ("cpo",)
    search_fields = ("name", "prefix")
    fields = ("name", "shown", "company", "may_do", "state", "created", "expires", "used")
    readonly_fields = fields
    actions_detail = ("revoke",)

    @column(_("key"), ordering="prefix")
    def shown(self, key: ApiKey) -> str:
        return f"uniev_{key.prefix}_••••"

    @column(_("CPO"), ordering="cpo__name")
    def company(self, key: ApiKey) -> str:
        return str(key.cpo) if key.cpo else str(_("All of them"))

    @column(_("may"))
    def may_do(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @column(_("state"), label={"good": "success", "bad": "danger"})
    def state(self, key: ApiKey) -> Any:
        if key.revoked_at is not None:
            return "bad", _("Revoked")
        return ("good", _("Valid")) if key.is_usable(clock.now()) else ("bad", _("Expired"))

    @column(_("created"), ordering="created_at")
    def created(self, key: ApiKey) -> str:
        return when(key.created_at)

    @column(_("expires"), ordering="expires_at")
    def expires(self, key: ApiKey) -> str:
        return when(key.expires_at) if key.expires_at else "-"

    @column(_("last used"), ordering="last_used_at")
    def used(self, key: ApiKey) -> str:
        return since(key.last_used_at) if key.last_used_at else "-"

    @detail_action(_("Revoke"), url_path="revoke", icon="block", permissions=("cpo.change_apikey",))
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = get_row(self, request, object_id)
        question = Question(
            title=_("Revoke this key"),
            text=_("Whoever uses it is refused from now on."),
            submit=_("Revoke"),
            danger=True,
        )

        def run(_answer: dict[str, Any]) -> None:
            revoke_api_key(key, actor=cast("User", request.user))

        return ask(self, request, key, question, run)
