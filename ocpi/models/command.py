from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models import Charger, Command, Reservation
from ocpi.models.partner import Partner
from ocpi.models.session import RoamingSession
from ocpi.models.token import RoamingTag
from unievp.lib.constraints import choice_check


class CommandType(models.TextChoices):
    START_SESSION = "START_SESSION", _("Start a session")
    STOP_SESSION = "STOP_SESSION", _("Stop a session")
    RESERVE_NOW = "RESERVE_NOW", _("Reserve")
    CANCEL_RESERVATION = "CANCEL_RESERVATION", _("Cancel a reservation")
    UNLOCK_CONNECTOR = "UNLOCK_CONNECTOR", _("Unlock a connector")


class RequestKind(models.TextChoices):
    """What a partner may ask of a charger: commands, and charging profiles of a session."""

    START_SESSION = CommandType.START_SESSION.value, CommandType.START_SESSION.label
    STOP_SESSION = CommandType.STOP_SESSION.value, CommandType.STOP_SESSION.label
    RESERVE_NOW = CommandType.RESERVE_NOW.value, CommandType.RESERVE_NOW.label
    CANCEL_RESERVATION = CommandType.CANCEL_RESERVATION.value, CommandType.CANCEL_RESERVATION.label
    UNLOCK_CONNECTOR = CommandType.UNLOCK_CONNECTOR.value, CommandType.UNLOCK_CONNECTOR.label
    SET_PROFILE = "SET_PROFILE", _("Limit a session")
    CLEAR_PROFILE = "CLEAR_PROFILE", _("Limit a session no longer")
    GET_PROFILE = "GET_PROFILE", _("Ask how a session is limited")


PROFILE_KINDS = frozenset(
    {RequestKind.SET_PROFILE, RequestKind.CLEAR_PROFILE, RequestKind.GET_PROFILE}
)


class RequestStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting for the charger")
    DECIDED = "decided", _("To be told")
    TOLD = "told", _("Told")
    UNTOLD = "untold", _("Could not be told")


class CommandRequest(models.Model):
    """A command, or a charging profile, that a partner sent and we accepted, until its result
    reached `response_url`. A profile is about a running `roaming_session`.
    """

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="commands", verbose_name=_("partner")
    )
    type = models.CharField(_("command"), max_length=20, choices=RequestKind)
    response_url = models.CharField(_("where the result goes"), max_length=255)
    # OCPI-from of the request: the result goes back there.
    country_code = models.CharField(_("country code"), max_length=2, blank=True)
    party_id = models.CharField(_("party id"), max_length=3, blank=True)
    charger = models.ForeignKey(
        Charger, on_delete=models.PROTECT, related_name="+", verbose_name=_("charger")
    )
    # None: a limit that a site's power budget carries, with commands of its own.
    command = models.ForeignKey(
        Command,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ocpi_requests",
        verbose_name=_("command to the charger"),
    )
    tag = models.ForeignKey(
        RoamingTag,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("tag"),
    )
    reservation = models.ForeignKey(
        Reservation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ocpi_requests",
        verbose_name=_("reservation"),
    )
    roaming_session = models.ForeignKey(
        RoamingSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="profile_requests",
        verbose_name=_("roaming session"),
    )
    their_reservation_id = models.CharField(_("its reservation"), max_length=36, blank=True)
    # Of the whole request: the same one again, while the charger is asked, is not another one.
    digest = models.CharField(max_length=64, blank=True, editable=False)
    status = models.CharField(
        _("status"), max_length=8, choices=RequestStatus, default=RequestStatus.WAITING
    )
    result = models.CharField(_("result"), max_length=24, blank=True)
    created_at = models.DateTimeField(_("asked"))
    deadline_at = models.DateTimeField(_("result promised by"))
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("command of a partner")
        verbose_name_plural = _("commands of partners")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("type", RequestKind, name="ocpi_command_type_is_known"),
            choice_check("status", RequestStatus, name="ocpi_command_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(status="waiting") | ~models.Q(result=""),
                name="ocpi_command_that_is_decided_has_a_result",
            ),
            models.UniqueConstraint(
                fields=["partner", "digest"],
                condition=models.Q(status="waiting") & ~models.Q(digest=""),
                name="ocpi_command_that_waits_is_not_asked_twice",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["command"], name="ocpi_request_by_command"),
            models.Index(
                fields=["deadline_at"],
                name="ocpi_request_open",
                condition=models.Q(status__in=["waiting", "decided"]),
            ),
            models.Index(
                fields=["partner", "their_reservation_id"],
                name="ocpi_request_by_reservation",
                condition=~models.Q(their_reservation_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} · {self.partner}"
