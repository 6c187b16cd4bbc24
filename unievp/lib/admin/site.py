"""The admin's site: unfold's, without the list of all applications that no page of ours shows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite


class DeskSite(AdminSite):
    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Made when a page looks at it: Django gives it to each page, and ours have the sidebar
        of `unievp.web.admin_menu` instead. Over a hundred models it costs a third of a page.
        """
        make = partial(super().get_app_list, request, app_label)
        return cast("list[Any]", SimpleLazyObject(make))
