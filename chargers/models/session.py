from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.connector import Connector
from chargers.models.id_token import IdToken
from cpo.models import CPO, Driver
from tariffs.models import TariffVersion
from unievp.lib.constraints import choice_check


class SessionStatus(models.TextChoices):
    ACTIVE = "active", _("Charging")
    # Its connector began another session: the Stop was lost or is still on its way.
    AWAITING_STOP = "awaiting_stop", _("Awaiting its stop")
    ENDED = "ended", _("Ended")


class AuthorizationStatus(models.TextChoices):
    """The verdict that StartTransaction was answered with (OCPP 1.6 §7.2)."""

    ACCEPTED = "Accepted", _("Accepted")
    BLOCKED = "Blocked", _("Blocked")
    EXPIRED = "Expired", _("Expired")
    INVALID = "Invalid", _("Invalid")
    CONCURRENT_TX = "ConcurrentTx", _("Token in use elsewhere")


class BillingStatus(models.TextChoices):
    UNBILLED = "unbilled", _("Not billed yet")
    BILLED = "billed", _("Billed")
    HELD = "held", _("Held for review")
    # Refused and without energy: there is nothing to owe.
    NOT_BILLABLE = "not_billable", _("Nothing to bill")


class NextTransactionId(models.Func):
    """`nextval` of the one sequence that OCPP's transactionId comes from: unique, ≥ 1, int32."""

    template = "nextval('charging_transaction_id_seq')"
    output_field = models.IntegerField()


class ChargingSession(models.Model):
    """One OCPP transaction, from StartTransaction to StopTransaction, and what it is worth.

    Stored also when the token was refused: energy may flow all the same, and a Stop will come
    (OCPP 1.6 §4.8). `energy_wh` moves forward only. `tariff_snapshot` is the price as it was
    at the start; without one the session is held, never billed at 0.
    """

    transaction_id = models.IntegerField(
        _("transaction"), unique=True, editable=False, db_default=NextTransactionId()
    )
    # No indexes of their own: others begin with each of these, in the order that is asked for.
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        related_name="sessions",
        verbose_name=_("CPO"),
        db_index=False,
    )
    charger = models.ForeignKey(
        Charger,
        on_delete=models.PROTECT,
        related_name="sessions",
        verbose_name=_("charger"),
        db_index=False,
    )
    connector = models.ForeignKey(
        Connector,
        on_delete=models.PROTECT,
        related_name="sessions",
        verbose_name=_("connector"),
        db_index=False,
    )
    id_tag = models.CharField(
        _("id tag"), max_length=255, help_text=_("As the charger sent it, control bytes removed.")
    )
    id_token = models.ForeignKey(
        IdToken,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("id token"),
    )
    driver = models.ForeignKey(
        Driver,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("driver"),
    )
    authorization = models.CharField(_("authorisation"), max_length=16, choices=AuthorizationStatus)
    status = models.CharField(
        _("status"), max_length=16, choices=SessionStatus, default=SessionStatus.ACTIVE
    )
    started_at = models.DateTimeField(_("started"), help_text=_("By the charger's clock."))
    start_received_at = models.DateTimeField(db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    stop_received_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(_("stop reason"), max_length=32, blank=True)
    stop_id_tag = models.CharField(_("stopped by"), max_length=255, blank=True)
    reservation_id = models.IntegerField(null=True, blank=True)

    meter_start_wh = models.BigIntegerField(_("meter at start (Wh)"))
    meter_last_wh = models.BigIntegerField(_("latest meter (Wh)"))
    meter_stop_wh = models.BigIntegerField(_("meter at stop (Wh)"), null=True, blank=True)
    # Sum of Energy.Active.Import.Interval readings, for chargers that report no register.
    interval_energy_wh = models.BigIntegerField(default=0, editable=False)
    energy_wh = models.BigIntegerField(_("energy (Wh)"), default=0)
    power_w = models.IntegerField(_("power (W)"), null=True, blank=True)
    soc_percent = models.SmallIntegerField(_("state of charge (%)"), null=True, blank=True)
    last_reading_at = models.DateTimeField(_("latest reading"), null=True, blank=True)

    tariff_version = models.ForeignKey(
        TariffVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("tariff"),
    )
    tariff_snapshot = models.JSONField(_("price at the start"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="IDR")
    cost = models.BigIntegerField(_("cost"), null=True, blank=True)
    billing_status = models.CharField(
        _("billing"), max_length=16, choices=BillingStatus, default=BillingStatus.UNBILLED
    )
    hold_reason = models.CharField(_("why it is held"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "cpo"
    driver_path: ClassVar[str] = "driver"

    class Meta:
        verbose_name = _("charging session")
        verbose_name_plural = _("charging sessions")
        ordering = ("-started_at", "-id")
        constraints: ClassVar = [
            # A resent StartTransaction meets its first copy (reference: same charger, connector,
            # tag, time and meter is the same start).
            models.UniqueConstraint(
                "connector",
                Lower("id_tag"),
                "started_at",
                "meter_start_wh",
                name="session_start_is_stored_once",
            ),
            models.UniqueConstraint(
                fields=["connector"],
                condition=models.Q(status="active"),
                name="session_one_active_per_connector",
            ),
            choice_check("status", SessionStatus, name="session_status_is_known"),
            choice_check(
                "authorization", AuthorizationStatus, name="session_authorization_is_known"
            ),
            choice_check("billing_status", BillingStatus, name="session_billing_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(energy_wh__gte=0), name="session_energy_is_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(transaction_id__gte=1), name="session_transaction_id_is_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(status="ended") | models.Q(ended_at__isnull=False),
                name="session_that_ended_has_an_end",
            ),
            models.CheckConstraint(
                condition=~models.Q(billing_status="billed") | models.Q(cost__isnull=False),
                name="session_that_is_billed_has_a_cost",
            ),
            models.CheckConstraint(
                condition=~models.Q(billing_status="held") | ~models.Q(hold_reason=""),
                name="session_that_is_held_says_why",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cpo", "-started_at", "-id"], name="session_of_cpo_newest_first"),
            models.Index(fields=["charger", "-started_at"], name="session_by_charger"),
            models.Index(fields=["-started_at", "-id"], name="session_newest_first"),
            models.Index(Lower("id_tag"), F("started_at").desc(), name="session_by_tag"),
            models.Index(
                fields=["started_at"],
                name="session_not_ended",
                condition=~models.Q(status="ended"),
            ),
            models.Index(fields=["ended_at", "started_at"], name="session_by_end"),
            models.Index(
                fields=["id_token"],
                name="session_open_by_token",
                condition=models.Q(status="active"),
            ),
            models.Index(
                fields=["ended_at"],
                name="session_to_bill",
                condition=models.Q(status="ended", billing_status="unbilled"),
            ),
            models.Index(
                fields=["ended_at"],
                name="session_held",
                condition=models.Q(billing_status="held"),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.transaction_id}"

    @property
    def is_estimated(self) -> bool:
        """Whether its end is ours: no StopTransaction has told of it yet."""
        return self.status == SessionStatus.ENDED and self.stop_received_at is None


# `id_tag__lower=text.lower()` is looked up by an index; `iexact` compares in upper case and is not.
ChargingSession._meta.get_field("id_tag").register_lookup(Lower)


class SessionStatusChange(models.Model):
    """Why a session is in its status: one row per change."""

    session = models.ForeignKey(
        ChargingSession, on_delete=models.CASCADE, related_name="status_changes"
    )
    at = models.DateTimeField(_("time"), db_default=Now())
    status = models.CharField(_("status"), max_length=16, choices=SessionStatus)
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    tenant_path: ClassVar[str] = "session__cpo"

    class Meta:
        verbose_name = _("session status change")
        verbose_name_plural = _("session status changes")
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.session_id}: {self.status}"


class OrphanState(models.TextChoices):
    WAITING = "waiting", _("Waiting for its session")
    ATTACHED = "attached", _("Attached")
    DISMISSED = "dismissed", _("Dismissed")
    # Its session had ended by another Stop, which is kept.
    CONTRADICTS = "contradicts", _("Contradicts an earlier stop")


class OrphanStop(models.Model):
    """A StopTransaction that ended nothing: no session could be found for it, or it had ended.

    A later Start may claim one that waits, or a person attaches or dismisses it.
    `transaction_id` as the charger sent it: -1, 0 or a number we never gave (OCPP 1.6 errata 3.18).
    """

    charger = models.ForeignKey(
        Charger, on_delete=models.CASCADE, related_name="orphan_stops", verbose_name=_("charger")
    )
    transaction_id = models.BigIntegerField(_("transaction"))
    id_tag = models.CharField(_("id tag"), max_length=255, blank=True)
    meter_stop_wh = models.BigIntegerField(_("meter at stop (Wh)"))
    ended_at = models.DateTimeField(_("ended"))
    received_at = models.DateTimeField(_("received"))
    reason = models.CharField(_("stop reason"), max_length=32, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=OrphanState, db_default=OrphanState.WAITING
    )
    resolution = models.CharField(_("what was done"), max_length=300, blank=True, db_default="")
    resolved_by = models.CharField(_("by whom"), max_length=150, blank=True, db_default="")
    resolved_at = models.DateTimeField(_("when"), null=True, blank=True)
    session = models.ForeignKey(
        ChargingSession,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("session"),
    )

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("stop without a session")
        verbose_name_plural = _("stops without a session")
        ordering = ("-received_at", "-id")
        constraints: ClassVar = [
            # A resent StopTransaction meets its first copy.
            models.UniqueConstraint(
                fields=["charger", "transaction_id", "ended_at", "meter_stop_wh"],
                name="orphan_stop_is_stored_once",
            ),
            choice_check("state", OrphanState, name="orphan_stop_state_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["charger", "-received_at"],
                name="orphan_stop_waiting",
                condition=models.Q(state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.transaction_id} · {self.ended_at:%Y-%m-%d %H:%M}"
