"""What is checked of an admin page when the program starts, without a database.

unfold looks the permissions of actions up in their table, which a new database has not: `migrate`
itself would fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_permission_codename
from django.core import checks

if TYPE_CHECKING:
    from django.contrib.admin.checks import ModelAdminChecks
else:
    from unfold.checks import UnfoldModelAdminChecks as ModelAdminChecks


class DeskChecks(ModelAdminChecks):
    def _check_unfold_action_permission_methods(self, obj: Any) -> list[checks.CheckMessage]:
        actions = [
            *obj._get_base_actions_list(),
            *obj._get_base_actions_detail(),
            *obj._get_base_actions_row(),
            *obj._get_base_actions_submit_line(),
        ]
        known = permissions()
        wanted = {
            (action.method.original_function_name, permission)
            for action in actions
            for permission in getattr(action.method, "allowed_permissions", ())
        }
        return [
            checks.Error(
                f"{type(obj).__name__}.{name} asks for {permission}, which nobody can have.",
                obj=type(obj),
                id="admin.E129",
            )
            for name, permission in sorted(wanted)
            if not (permission in known or hasattr(obj, f"has_{permission}_permission"))
        ]


def permissions() -> set[str]:
    """Every permission that migrations make: "app.codename"."""
    return {
        f"{model._meta.app_label}.{codename}"
        for model in apps.get_models()
        for codename in (
            *(
                get_permission_codename(word, model._meta)
                for word in model._meta.default_permissions
            ),
            *(codename for codename, _name in model._meta.permissions),
        )
    }
