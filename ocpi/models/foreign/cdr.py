from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from ocpi.models.contract import OwnToken
from ocpi.models.foreign.session import ForeignSession
from ocpi.models.partner import Partner
from payments.models import RoamingCharge
from unievp.lib.constraints import choice_check


class CdrCheck(models.TextChoices):
    """What our own price engine says to it."""

    WAITING = "waiting", _("Not checked yet")
    OK = "ok", _("Agrees")
    DIFFERS = "differs", _("Differs")
    UNPRICEABLE = "unpriceable", _("Cannot be recomputed")


class HeldBecause(models.TextChoices):
    """Why nothing is booked for it; a person has to look."""

    UNKNOWN_TOKEN = "unknown_token", _("Its token is none of ours.")
    UNKNOWN_CURRENCY = "unknown_currency", _("We keep no books in its currency.")
    IMPOSSIBLE_AMOUNT = "impossible_amount", _("Its amounts cannot be booked.")
    ORIGINAL_MISSING = "original_missing", _("What it takes back has not come, or is held.")
    ANOTHER_AMOUNT = "another_amount", _("It takes back another amount than was charged.")
    CREDITED_BEFORE = "credited_before", _("What it takes back was taken back before.")
    ANOTHER_DRIVER = "another_driver", _("Its session is another driver's.")
    CHARGED_BEFORE = "charged_before", _("Another CDR has charged its session.")
    NOT_BOOKABLE = "not_bookable", _("The books refused it.")


class ForeignCdr(models.Model):
    """What an operator asks for a session of our driver: kept as it came (triggers see to it).

    Only what we found out about it changes: the check, `held_because` (why nothing is booked) and
    `charge` (what is). Costs in major units of `currency`; `recomputed_…` are ours.
    """

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="foreign_cdrs", verbose_name=_("partner")
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    ocpi_id = models.CharField(_("OCPI id"), max_length=39)
    session = models.ForeignKey(
        ForeignSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cdrs",
        verbose_name=_("session"),
    )
    own_token = models.ForeignKey(
        OwnToken,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cdrs_received",
        verbose_name=_("token of ours"),
    )
    session_id_text = models.CharField(_("its session"), max_length=36, blank=True)
    is_credit = models.BooleanField(_("takes back"), default=False)
    credit_reference_id = models.CharField(_("takes back which"), max_length=39, blank=True)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"))
    energy_wh = models.BigIntegerField(_("energy (Wh)"))
    currency = models.CharField(_("currency"), max_length=3)
    total_excl = models.DecimalField(_("total without tax"), max_digits=20, decimal_places=6)
    total_incl = models.DecimalField(
        _("total with tax"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    body = models.TextField(_("as the partner sent it"))
    last_updated = models.DateTimeField(_("issued"), help_text=_("By the partner's clock."))
    received_at = models.DateTimeField(_("received"))
    check_state = models.CharField(
        _("check"), max_length=11, choices=CdrCheck, default=CdrCheck.WAITING
    )
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True)
    recomputed_excl = models.DecimalField(
        _("our total without tax"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    recomputed_incl = models.DecimalField(
        _("our total with tax"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    held_because = models.CharField(
        _("not booked because"), max_length=20, choices=HeldBecause, blank=True
    )
    charge = models.OneToOneField(
        RoamingCharge,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="cdr",
        verbose_name=_("booked as"),
    )

    tenant_path: ClassVar[str] = "platform"
    driver_path: ClassVar[str] = "own_token__contract__driver"

    class Meta:
        verbose_name = _("CDR received")
        verbose_name_plural = _("CDRs received")
        ordering = ("-received_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                "partner",
                Upper("country_code"),
                Upper("party_id"),
                Upper("ocpi_id"),
                name="foreign_cdr_is_one_per_party_and_id",
            ),
            choice_check("check_state", CdrCheck, name="foreign_cdr_check_is_known"),
            models.CheckConstraint(
                condition=models.Q(check_state="waiting", checked_at__isnull=True)
                | (~models.Q(check_state="waiting") & models.Q(checked_at__isnull=False)),
                name="foreign_cdr_that_was_checked_says_when",
            ),
            models.CheckConstraint(
                condition=models.Q(held_because__in=["", *HeldBecause.values]),
                name="foreign_cdr_reason_to_hold_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(charge__isnull=True) | models.Q(held_because=""),
                name="foreign_cdr_that_is_booked_is_not_held",
            ),
            models.CheckConstraint(
                condition=models.Q(is_credit=False, credit_reference_id="")
                | (models.Q(is_credit=True) & ~models.Q(credit_reference_id="")),
                name="foreign_cdr_that_takes_back_says_which",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["received_at"],
                name="foreign_cdr_to_book",
                condition=models.Q(charge__isnull=True),
            ),
            models.Index(
                fields=["received_at"],
                name="foreign_cdr_to_check",
                condition=models.Q(check_state="waiting"),
            ),
        ]

    def __str__(self) -> str:
        return self.ocpi_id


class CdrDifference(models.Model):
    """One thing in which a CDR and our own sum differ, in major units of its currency.

    `theirs` or `ours` is empty where one side has no such amount, or it is no amount.
    """

    cdr = models.ForeignKey(
        ForeignCdr, on_delete=models.CASCADE, related_name="differences", verbose_name=_("CDR")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    what = models.CharField(_("what"), max_length=60)
    theirs = models.DecimalField(
        _("the CDR says"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    ours = models.DecimalField(
        _("we come to"), max_digits=20, decimal_places=6, null=True, blank=True
    )
    why = models.CharField(_("why"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("difference of a CDR")
        verbose_name_plural = _("differences of CDRs")
        ordering = ("cdr", "position")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cdr", "position"], name="cdr_difference_position_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.what
