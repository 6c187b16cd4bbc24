"""Admin pages on which people edit rows directly: every change leaves an audit entry."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from cpo.models import CPO, User
from cpo.services import audit
from unievp.lib.admin import DeskAdmin


def tenant_of(row: Model) -> CPO | None:
    """The CPO that `row` belongs to, by its model's `tenant_path`; None for the platform's own."""
    path = getattr(type(row), "tenant_path", "platform")
    if path == "id":
        return row if isinstance(row, CPO) else None
    value: Any = row
    for name in path.split("__") if path != "platform" else ():
        value = getattr(value, name, None)
    return value if isinstance(value, CPO) else None


class AuditedAdmin(DeskAdmin):
    def save_model(
        self, request: HttpRequest, obj: Model, form: ModelForm[Any], change: Any
    ) -> None:
        super().save_model(request, obj, form, change)
        fields = form.changed_data
        self.log(
            request,
            obj,
            "edited" if change else "added",
            before={name: _plain(form.initial.get(name)) for name in fields} if change else {},
            after={name: _plain(form.cleaned_data.get(name)) for name in fields},
        )

    def save_formset(
        self, request: HttpRequest, form: ModelForm[Any], formset: Any, change: Any
    ) -> None:
        super().save_formset(request, form, formset, change)
        for row in formset.new_objects:
            self.log(request, row, "added")
        for row, fields in formset.changed_objects:
            self.log(
                request, row, "edited", after={name: _plain(getattr(row, name)) for name in fields}
            )
        for row in formset.deleted_objects:
            self.log(request, row, "deleted")

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.log(request, obj, "deleted")
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.log(request, row, "deleted")
        super().delete_queryset(request, queryset)

    @staticmethod
    def log(
        request: HttpRequest,
        row: Model,
        verb: str,
        *,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        tenant = tenant_of(row)
        audit.record(
            actor=cast("User", request.user),
            action=f"{row._meta.model_name}.{verb}",
            subject=row,
            before=before,
            after=after,
            # A deleted CPO's own entry must not point at it.
            cpo=None if verb == "deleted" and tenant is row else tenant,
        )


def _plain(value: Any) -> Any:
    return value.pk if isinstance(value, Model) else value
