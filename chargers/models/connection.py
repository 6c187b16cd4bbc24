"""The life of each connection, and when a content without a usable time was first seen."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from unievp.lib.constraints import choice_check


class EndedBy(models.TextChoices):
    """Who ended a connection."""

    CHARGER = "charger", _("the charger")
    PLATFORM = "platform", _("the platform")
    NETWORK = "network", _("the network")
    RESTART = "restart", _("a restart of the platform")


class ConnectionLog(models.Model):
    """One WebSocket of a charger from its handshake to its end.

    `close_code` is that of RFC 6455 §7.4; 1006 means that nobody said goodbye. `idle_s` is how
    long the charger had been silent when the connection ended: about the same for every drop, it
    tells of a timeout on the way.
    """

    charger = models.ForeignKey(
        Charger,
        on_delete=models.CASCADE,
        related_name="connection_logs",
        verbose_name=_("charger"),
        db_index=False,
    )
    connection_id = models.UUIDField(_("connection"))
    process = models.CharField(_("process"), max_length=64, blank=True)
    remote_address = models.CharField(_("address"), max_length=64, blank=True)
    connected_at = models.DateTimeField(_("connected"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ended_by = models.CharField(_("ended by"), max_length=16, choices=EndedBy, blank=True)
    close_code = models.PositiveSmallIntegerField(_("close code"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=123, blank=True)
    idle_s = models.PositiveIntegerField(_("silent before (s)"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ("-connected_at", "-id")
        indexes: ClassVar = [
            models.Index(fields=["charger", "-connected_at"], name="connection_log_of_a_charger"),
            models.Index(fields=["connected_at"], name="connection_log_by_age"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection_id"], name="connection_is_logged_once"),
            choice_check("ended_by", EndedBy, name="connection_ended_by_is_known", blank=True),
        ]

    def __str__(self) -> str:
        return f"{self.connected_at:%Y-%m-%d %H:%M:%S}"


class FirstArrival(models.Model):
    """When a message whose own time cannot be used came first.

    Its copies get the same time, from every process and after a restart, and so meet the same
    unique keys. Forgotten after a day.
    """

    charger = models.ForeignKey(
        Charger, on_delete=models.CASCADE, related_name="+", verbose_name=_("charger")
    )
    content = models.BinaryField(_("content"), editable=False)
    first_at = models.DateTimeField(_("first seen"))

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("first arrival")
        verbose_name_plural = _("first arrivals")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["charger", "content"], name="content_arrives_first_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_at:%Y-%m-%d %H:%M:%S}"
