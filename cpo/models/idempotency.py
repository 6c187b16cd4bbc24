from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """A write that a caller may repeat: its answer, kept under the caller's `Idempotency-Key`.

    `owner` is whose key it is ("user:7", "key:3"); `request_digest` is the SHA-256 of
    method, path and body. Written in the transaction of the write itself.
    """

    owner = models.CharField(_("owner"), max_length=64)
    key = models.CharField(_("key"), max_length=255)
    request_digest = models.BinaryField(_("request"), max_length=32)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    body = models.JSONField(_("answer"), default=dict)
    created_at = models.DateTimeField(_("created"), db_index=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "key"], name="idempotency_key_is_used_once_per_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.key
