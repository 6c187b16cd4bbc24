from __future__ import annotations

import uuid
from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from chargers.models.location import Location
from cpo.models import CPO, CPOStatus
from unievp.lib.constraints import choice_check


class Registration(models.TextChoices):
    """What BootNotification is answered with (OCPP 1.6 §7.41)."""

    ACCEPTED = "Accepted", _("Accepted")
    PENDING = "Pending", _("Pending")
    REJECTED = "Rejected", _("Rejected")


class ChargerStatus(models.TextChoices):
    """What connector 0 may say (OCPP 1.6 §4.9)."""

    AVAILABLE = "Available", _("Available")
    UNAVAILABLE = "Unavailable", _("Unavailable")
    FAULTED = "Faulted", _("Faulted")


class ForcedStatus(models.TextChoices):
    AVAILABLE = "Available", _("Available")
    UNAVAILABLE = "Unavailable", _("Unavailable")


class RefusalReason(models.TextChoices):
    """Why a handshake was refused."""

    UNKNOWN = "unknown", _("Unknown charger id")
    BAD_PATH = "bad_path", _("Wrong path")
    CREDENTIALS = "credentials", _("Wrong or no password")
    SUBPROTOCOL = "subprotocol", _("No subprotocol ocpp1.6")
    PROFILE = "profile", _("Another security profile")
    PLAIN = "plain", _("Not encrypted, although its profile asks for TLS")
    CERTIFICATE = "certificate", _("Wrong client certificate")
    RETIRED = "retired", _("Retired")


class Charger(models.Model):
    """A charge point. `identity` is the last part of the URL that it connects to.

    Retired chargers keep their history and may not connect any more.
    """

    cpo = models.ForeignKey(
        CPO, on_delete=models.PROTECT, related_name="chargers", verbose_name=_("CPO")
    )
    location = models.ForeignKey(
        Location, on_delete=models.PROTECT, related_name="chargers", verbose_name=_("location")
    )
    identity = models.CharField(
        _("charger id"),
        max_length=48,
        validators=[
            RegexValidator(r"^[^\s/\x00][^/\x00]*$", _("No slash, and no space at the beginning."))
        ],
        help_text=_("As in ws://HOST:9000/CHARGER-ID; upper and lower case are the same."),
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    vendor = models.CharField(_("vendor"), max_length=64, blank=True)
    model = models.CharField(_("model"), max_length=64, blank=True)
    serial_number = models.CharField(_("serial number"), max_length=64, blank=True)
    firmware_version = models.CharField(_("firmware"), max_length=64, blank=True)
    iccid = models.CharField(_("ICCID"), max_length=32, blank=True)
    imsi = models.CharField(_("IMSI"), max_length=32, blank=True)
    max_power_w = models.PositiveIntegerField(_("maximum power (W)"), default=22_000)

    registration = models.CharField(
        _("registration"), max_length=16, choices=Registration, default=Registration.ACCEPTED
    )
    heartbeat_interval_s = models.PositiveIntegerField(
        _("heartbeat interval (s)"),
        null=True,
        blank=True,
        help_text=_("Empty: the platform's own."),
    )
    boot_interval_s = models.PositiveIntegerField(
        _("wait between boots (s)"),
        null=True,
        blank=True,
        help_text=_("While it is not accepted. Empty: the platform's own."),
    )
    # What the latest BootNotification was answered with; empty before the first.
    told_registration = models.CharField(
        _("registration it was told"), max_length=16, choices=Registration, blank=True
    )
    security_profile = models.PositiveSmallIntegerField(_("security profile"), default=0)
    # Accepted beside the present one until a connection uses it (white paper A05).
    pending_security_profile = models.PositiveSmallIntegerField(
        _("security profile to come"), null=True, blank=True, editable=False
    )
    # HMAC-SHA256 of the password's bytes: passwords are ≥ 16 random bytes, and a slow hash
    # would turn a reconnect storm into an outage.
    password_digest = models.BinaryField(null=True, blank=True, editable=False)
    # Accepted beside the present one until a connection uses it or the charger refused it.
    pending_password_digest = models.BinaryField(null=True, blank=True, editable=False)
    password_set_at = models.DateTimeField(_("password since"), null=True, blank=True)
    assume_ocpp16 = models.BooleanField(
        _("accept without subprotocol"),
        default=False,
        help_text=_("For chargers that do not send Sec-WebSocket-Protocol."),
    )
    time_zone = models.CharField(
        _("time zone of its clock"),
        max_length=48,
        blank=True,
        help_text=_("For chargers that send local times without an offset. Empty: UTC."),
    )

    status = models.CharField(
        _("status"), max_length=16, choices=ChargerStatus, default=ChargerStatus.UNAVAILABLE
    )
    error_code = models.CharField(_("error code"), max_length=64, default="NoError")
    status_at = models.DateTimeField(_("status since"), null=True, blank=True)
    forced_status = models.CharField(
        _("forced status"), max_length=16, choices=ForcedStatus, blank=True
    )
    booted_at = models.DateTimeField(_("last boot"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)

    tenant_path: ClassVar[str] = "cpo"
    # Any driver may charge at any charger that sells.
    public_rows: ClassVar[dict[str, object]] = {
        "retired_at": None,
        "cpo__status": CPOStatus.VERIFIED,
    }

    class Meta:
        verbose_name = _("charger")
        verbose_name_plural = _("chargers")
        ordering = ("identity",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("identity"),
                name="charger_identity_is_unique_in_any_case",
                violation_error_message=_("A charger with this id exists."),
            ),
            choice_check("registration", Registration, name="charger_registration_is_known"),
            choice_check("status", ChargerStatus, name="charger_status_is_known"),
            choice_check(
                "forced_status", ForcedStatus, name="charger_forced_status_is_known", blank=True
            ),
            models.CheckConstraint(
                condition=models.Q(security_profile__lte=3),
                name="charger_security_profile_is_0_to_3",
            ),
            models.CheckConstraint(
                condition=models.Q(pending_security_profile__isnull=True)
                | models.Q(pending_security_profile__lte=3),
                name="charger_security_profile_to_come_is_0_to_3",
            ),
            choice_check(
                "told_registration",
                Registration,
                name="charger_told_registration_is_known",
                blank=True,
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["identity"], name="charger_by_identity"),
            models.Index(fields=["cpo", "identity"], name="charger_of_cpo_by_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.identity} · {self.name}" if self.name else self.identity

    @property
    def is_retired(self) -> bool:
        return self.retired_at is not None


# `identity__lower=text.lower()` is looked up by an index; `iexact` compares in upper case.
Charger._meta.get_field("identity").register_lookup(Lower)


class Presence(models.Model):
    """Whether a charger is connected, and when it was last heard of.

    Apart from `Charger`, because this row moves with the traffic: it is narrow and has no
    index that a new `last_seen_at` would touch (HOT updates). `last_seen_at` is exact to
    `chargers.store.presence.SEEN_EVERY_S` while a charger talks, and exact at connect and
    disconnect. The connection with `connection_id` is the newest; an older one that closes later
    must not turn the charger offline.
    """

    charger = models.OneToOneField(
        Charger,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="presence",
        verbose_name=_("charger"),
    )
    online = models.BooleanField(_("online"), default=False)
    connection_id = models.UUIDField(null=True, blank=True)
    process = models.CharField(max_length=64, blank=True)
    remote_address = models.CharField(_("address"), max_length=64, blank=True)
    connected_at = models.DateTimeField(_("connected"), null=True, blank=True)
    disconnected_at = models.DateTimeField(_("disconnected"), null=True, blank=True)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presence")

    def __str__(self) -> str:
        return f"{self.charger_id}: {'online' if self.online else 'offline'}"


class UnknownCharger(models.Model):
    """The inbox: an identity that knocked and was refused, with the latest reason."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    identity = models.CharField(_("charger id"), max_length=255)
    reason = models.CharField(_("reason"), max_length=64, choices=RefusalReason)
    remote_address = models.CharField(_("address"), max_length=64, blank=True)
    subprotocols = models.CharField(_("subprotocols offered"), max_length=200, blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=1)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("unknown charger")
        verbose_name_plural = _("unknown chargers")
        ordering = ("-last_seen_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("identity"), name="unknown_charger_has_one_row_per_identity"
            ),
            choice_check("reason", RefusalReason, name="unknown_charger_reason_is_known"),
        ]

    def __str__(self) -> str:
        return self.identity
