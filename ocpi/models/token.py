from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from chargers.models import IdToken
from ocpi.models.partner import Partner
from unievp.lib.constraints import choice_check


class TokenType(models.TextChoices):
    """OCPI 2.2.1's. Since 2.3.0 partners may have others (EMAID), so theirs are texts."""

    AD_HOC_USER = "AD_HOC_USER", _("One-time user")
    APP_USER = "APP_USER", _("App user")
    OTHER = "OTHER", _("Other")
    RFID = "RFID", _("RFID card")


class Whitelist(models.TextChoices):
    """Who judges a token (OCPI 2.2.1 §12.4.5)."""

    ALWAYS = "ALWAYS", _("We, always")
    ALLOWED = "ALLOWED", _("We may")
    ALLOWED_OFFLINE = "ALLOWED_OFFLINE", _("We, when the partner is down")
    NEVER = "NEVER", _("The partner only")


class AuthMethod(models.TextChoices):
    AUTH_REQUEST = "AUTH_REQUEST", _("Asked in real time")
    COMMAND = "COMMAND", _("By a command")
    WHITELIST = "WHITELIST", _("By the list")


class RoamingToken(models.Model):
    """A token of a partner's driver, as the partner pushed it. Never deleted: `valid` ends it."""

    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="tokens", verbose_name=_("partner")
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    uid = models.CharField(_("uid"), max_length=36)
    type = models.CharField(_("type"), max_length=36, default=TokenType.RFID)
    contract_id = models.CharField(_("contract"), max_length=36)
    visual_number = models.CharField(_("printed number"), max_length=64, blank=True)
    issuer = models.CharField(_("issuer"), max_length=64)
    group_id = models.CharField(_("group"), max_length=36, blank=True)
    valid = models.BooleanField(_("valid"))
    whitelist = models.CharField(_("who judges it"), max_length=16, choices=Whitelist)
    body = models.TextField(_("as the partner sent it"))
    last_updated = models.DateTimeField(_("changed"), help_text=_("By the partner's clock."))
    received_at = models.DateTimeField(_("received"))

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("roaming token")
        verbose_name_plural = _("roaming tokens")
        ordering = ("uid",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                "partner",
                Upper("country_code"),
                Upper("party_id"),
                Upper("uid"),
                "type",
                name="roaming_token_is_one_per_party_uid_and_type",
            ),
            choice_check("whitelist", Whitelist, name="roaming_token_whitelist_is_known"),
        ]

    def __str__(self) -> str:
        return self.uid


class RoamingTag(models.Model):
    """What a charger knows a roaming driver by: an id token of ours, and whose it is.

    A card's own uid where it fits into OCPP's 20 characters, else a tag that we made. Sessions and
    CDRs carry the columns here, which are the partner's own words. `allowed_until`: an answer of
    the partner that still counts (`authorization_reference` came with it).
    """

    id_token = models.OneToOneField(
        IdToken, on_delete=models.CASCADE, related_name="roaming", verbose_name=_("id token")
    )
    partner = models.ForeignKey(
        Partner, on_delete=models.CASCADE, related_name="tags", verbose_name=_("partner")
    )
    token = models.OneToOneField(
        RoamingToken,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="tag",
        verbose_name=_("roaming token"),
        help_text=_("Empty: it came with a command and is not stored."),
    )
    country_code = models.CharField(_("country code"), max_length=2)
    party_id = models.CharField(_("party id"), max_length=3)
    uid = models.CharField(_("uid"), max_length=36)
    type = models.CharField(_("type"), max_length=36)
    contract_id = models.CharField(_("contract"), max_length=36)
    auth_method = models.CharField(
        _("authorised"), max_length=12, choices=AuthMethod, default=AuthMethod.WHITELIST
    )
    authorization_reference = models.CharField(_("reference"), max_length=36, blank=True)
    allowed_until = models.DateTimeField(_("allowed until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "partner__cpo"

    class Meta:
        verbose_name = _("roaming tag")
        verbose_name_plural = _("roaming tags")
        ordering = ("-created_at", "-id")
        constraints: ClassVar = [
            choice_check("auth_method", AuthMethod, name="roaming_tag_method_is_known"),
        ]

    def __str__(self) -> str:
        return self.uid
