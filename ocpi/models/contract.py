from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from chargers.models import IdToken
from cpo.models import Driver
from ocpi.models.partner import Partner
from ocpi.models.party import Party
from ocpi.models.token import TokenType, Whitelist
from unievp.lib.constraints import choice_check


class ContractStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    BLOCKED = "blocked", _("Blocked")


class RoamingContract(models.Model):
    """A driver of ours who may charge at other companies' chargers, and how far on account.

    Roaming is paid afterwards, so nobody roams whom the platform did not let. `contract_id` stands
    in tokens, sessions and CDRs and never changes.
    """

    driver = models.OneToOneField(
        Driver,
        on_delete=models.PROTECT,
        related_name="roaming_contract",
        verbose_name=_("driver"),
    )
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("party of ours")
    )
    contract_id = models.CharField(_("contract"), max_length=36, unique=True, editable=False)
    status = models.CharField(
        _("status"), max_length=8, choices=ContractStatus, default=ContractStatus.ACTIVE
    )
    block_reason = models.CharField(_("why it is blocked"), max_length=200, blank=True)
    credit_limit = models.BigIntegerField(
        _("credit (Rp)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("A driver who owes this much or more is refused. Empty: no limit."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "platform"
    driver_path: ClassVar[str] = "driver"

    class Meta:
        verbose_name = _("roaming contract")
        verbose_name_plural = _("roaming contracts")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("status", ContractStatus, name="roaming_contract_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(credit_limit__isnull=True) | models.Q(credit_limit__gte=0),
                name="roaming_contract_credit_is_not_negative",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="blocked") | ~models.Q(block_reason=""),
                name="roaming_contract_that_is_blocked_says_why",
            ),
        ]

    def __str__(self) -> str:
        return self.contract_id


class OwnToken(models.Model):
    """A token of our driver as partners see it: a card of the platform, or the app itself.

    The app's token (one per contract) has no `id_token`: commands carry it. Never deleted: `valid`
    ends it. `body` is the OCPI Token; whoever renders it moves `last_updated`.
    """

    contract = models.ForeignKey(
        RoamingContract,
        on_delete=models.PROTECT,
        related_name="tokens",
        verbose_name=_("contract"),
    )
    id_token = models.OneToOneField(
        IdToken,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="published",
        verbose_name=_("id token"),
    )
    uid = models.CharField(_("uid"), max_length=36)
    type = models.CharField(_("type"), max_length=12, choices=TokenType)
    valid = models.BooleanField(_("valid"))
    whitelist = models.CharField(_("who judges it"), max_length=16, choices=Whitelist)
    body = models.TextField(_("as partners see it"), editable=False)
    last_updated = models.DateTimeField(_("changed"), editable=False)

    tenant_path: ClassVar[str] = "platform"
    driver_path: ClassVar[str] = "contract__driver"

    class Meta:
        verbose_name = _("token of ours")
        verbose_name_plural = _("tokens of ours")
        ordering = ("uid",)
        constraints: ClassVar = [
            models.UniqueConstraint(Upper("uid"), "type", name="own_token_is_one_per_uid_and_type"),
            models.UniqueConstraint(
                fields=["contract"],
                condition=models.Q(type="APP_USER"),
                name="own_token_of_the_app_is_one_per_contract",
            ),
            choice_check("type", TokenType, name="own_token_type_is_known"),
            choice_check("whitelist", Whitelist, name="own_token_whitelist_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["last_updated"], name="own_token_by_change"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.uid}"


class Allowed(models.TextChoices):
    """OCPI 2.2.1 AllowedType: what a partner is told about a driver of ours."""

    ALLOWED = "ALLOWED", _("Allowed")
    BLOCKED = "BLOCKED", _("Blocked")
    EXPIRED = "EXPIRED", _("Expired")
    NO_CREDIT = "NO_CREDIT", _("No credit")
    NOT_ALLOWED = "NOT_ALLOWED", _("Not allowed")


class GivenAuthorization(models.Model):
    """What we told a partner that asked about a driver of ours, and where the driver stood.

    A yes has a `reference`, which comes back in the session and its CDR.
    """

    token = models.ForeignKey(
        OwnToken,
        on_delete=models.PROTECT,
        related_name="authorizations",
        verbose_name=_("token of ours"),
    )
    partner = models.ForeignKey(
        Partner,
        on_delete=models.CASCADE,
        related_name="authorizations",
        verbose_name=_("partner"),
    )
    allowed = models.CharField(_("answer"), max_length=12, choices=Allowed)
    reference = models.CharField(_("reference"), max_length=36, blank=True)
    location_id = models.CharField(_("location"), max_length=36, blank=True)
    evse_uids = ArrayField(
        models.CharField(max_length=36), verbose_name=_("EVSEs"), default=list, blank=True
    )
    at = models.DateTimeField(_("time"))

    tenant_path: ClassVar[str] = "platform"

    class Meta:
        verbose_name = _("authorisation")
        verbose_name_plural = _("authorisations")
        ordering = ("-at", "-id")
        constraints: ClassVar = [
            choice_check("allowed", Allowed, name="given_authorization_answer_is_known"),
            models.UniqueConstraint(
                fields=["reference"],
                condition=~models.Q(reference=""),
                name="given_authorization_reference_is_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(allowed="ALLOWED", reference__gt="")
                | (~models.Q(allowed="ALLOWED") & models.Q(reference="")),
                name="given_authorization_has_a_reference_if_it_allows",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="given_authorization_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.token}: {self.allowed}"
