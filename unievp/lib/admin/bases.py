from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from unievp.lib.admin.checks import DeskChecks
from unievp.lib.admin.filters import active_filters
from unievp.lib.admin.links import change_link
from unievp.lib.admin.paging import CappedPaginator
from unievp.lib.errors import DomainError

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline

    ModelAdmin = _ModelAdmin[Any]
    TabularInline = _TabularInline[Any, Any]
else:
    from unfold.admin import ModelAdmin, TabularInline


class DeskAdmin(ModelAdmin):
    """The base of every admin page: no unbounded count, and a refusal is a message, not a 500."""

    checks_class = DeskChecks
    show_full_result_count = False
    list_per_page = 50
    list_max_show_all = 0
    paginator = CappedPaginator
    # unfold's own switches
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = True
    # What a list leaves out is said above it.
    list_before_template = "admin/uniev/filters.html"
    actions_detail: Sequence[str | dict[str, Any]] = ()
    # Columns that a number typed into the search box is compared with, by their index: Django's
    # own search casts the column to text first.
    search_numbers: Sequence[str] = ()

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist: Any = super().get_changelist_instance(request)
        # We do not count twice; unfold would offer "Show all" for the unknown total.
        changelist.full_result_count = changelist.result_count
        changelist.active_filters = active_filters(changelist)
        return changelist

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            return self.refused(request, error)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            return self.refused(request, error)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().removeprefix("#")
        if not self.search_numbers or not term.isascii() or not term.isdigit():
            return super().get_search_results(request, queryset, search_term)
        # Beyond int32 no number of ours can match, and PostgreSQL would refuse the comparison.
        number = min(int(term), 2**31 - 1)
        matches = Q()
        for column in self.search_numbers:
            matches |= Q(**{column: number})
        for column in self.get_search_fields(request):
            if column.endswith("exact"):
                matches |= Q(**{column: term})
        return queryset.filter(matches), False

    def refused(self, request: HttpRequest, error: DomainError) -> HttpResponseRedirect:
        self.message_user(request, str(error), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())


class AppendOnlyAdmin(DeskAdmin):
    """What is changed by a new row: the one before is history."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(AppendOnlyAdmin):
    """Looked at, never edited: books, logs, what chargers reported."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


class DeskTabularInline(TabularInline):
    extra = 0
    tab = False
    # unfold's: no line with the row's name above each row.
    hide_title = True

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            # To who cannot see it, the head of the column is no label.
            field.widget.attrs.setdefault("aria-label", capfirst(str(field.label)))
        return field


class ReadOnlyInline(DeskTabularInline):
    """Rows of another table below the form, for reading."""

    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def run_for_each(
    admin: DeskAdmin,
    request: HttpRequest,
    rows: QuerySet[Any],
    service: Callable[[Any], object],
) -> None:
    """Call `service` for every row; say how many were done and why each other one was refused."""
    done = 0
    for row in rows:
        try:
            service(row)
        except DomainError as error:
            # The row itself is blamed, one click away.
            text = format_html("{}: {}", change_link(row), str(error))
            admin.message_user(request, text, messages.ERROR)
        else:
            done += 1
    if done:
        admin.message_user(request, _("%(count)d done.") % {"count": done}, messages.SUCCESS)
