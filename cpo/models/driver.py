from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Driver(models.Model):
    """A person who charges. Belongs to the platform, not to one CPO: drivers use any charger.

    One who signs in with Supabase is an actor of `cpo.access`, and the `user` of such a request.
    """

    # What REST framework asks of a request's user.
    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="driver",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=5, default="id")
    supabase_uid = models.UUIDField(_("Supabase user id"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("driver")
        verbose_name_plural = _("drivers")
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["supabase_uid"], name="driver_is_linked_to_one_supabase_user"
            ),
        ]

    def __str__(self) -> str:
        return self.name
