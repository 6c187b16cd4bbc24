from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from cpo.admin.audited import AuditedAdmin
from cpo.models import Driver, Membership, User
from unievp.lib.admin import DeskTabularInline, column, list_link

if TYPE_CHECKING:
    _UserBase = DjangoUserAdmin[Any]
    _GroupBase = DjangoGroupAdmin
else:
    _UserBase = DjangoUserAdmin
    _GroupBase = DjangoGroupAdmin

admin.site.unregister(Group)
# allauth's page would show and edit the secrets of second factors.
admin.site.unregister(Authenticator)


class MembershipInline(DeskTabularInline):
    model = Membership
    autocomplete_fields = ("cpo",)
    fields = ("cpo", "role")


@admin.register(User)
class UserAdmin(_UserBase, AuditedAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = (
        "username",
        "email",
        "full_name",
        "companies",
        "staff",
        "is_active",
        "last_login",
    )
    list_filter = (
        "is_staff",
        "is_superuser",
        "is_active",
        "groups",
        ("last_login", RangeDateTimeFilter),
    )
    search_fields = ("username", "email", "first_name", "last_name")
    ordering = ("username",)
    inlines = (MembershipInline,)
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets: Any = (
        (None, {"classes": ("wide",), "fields": ("username", "email", "password1", "password2")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        memberships = Membership.objects.select_related("cpo")
        return super().get_queryset(request).prefetch_related(Prefetch("memberships", memberships))

    @column(_("name"), ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name() or "-"

    @column(_("companies"))
    def companies(self, user: User) -> str:
        return ", ".join(f"{m.cpo.name} ({m.get_role_display()})" for m in user.memberships.all())

    @column(
        _("staff"),
        ordering="is_staff",
        label={"superuser": "primary", "staff": "info"},
    )
    def staff(self, user: User) -> Any:
        if user.is_superuser:
            return "superuser", _("Superuser")
        return ("staff", _("Staff")) if user.is_staff else None


@admin.register(Group)
class GroupAdmin(_GroupBase, AuditedAdmin):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(Driver)
class DriverAdmin(AuditedAdmin):
    list_display = ("name", "email", "phone", "language", "created_at", "sessions")
    list_filter = ("language", ("created_at", RangeDateTimeFilter))
    search_fields = ("name", "email", "phone")
    date_hierarchy = "created_at"
    raw_id_fields = ("user",)
    readonly_fields = ("supabase_uid", "created_at", "sessions")

    @column(_("sessions"))
    def sessions(self, driver: Driver) -> str:
        return list_link("chargers.chargingsession", _("show"), driver__id__exact=driver.pk)
