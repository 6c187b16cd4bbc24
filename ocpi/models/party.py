from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from cpo.models import CPO
from unievp.lib.constraints import choice_check


class PartyRole(models.TextChoices):
    """OCPI 2.2.1 Role: what a platform is to others."""

    CPO = "CPO", _("Charge point operator")
    EMSP = "EMSP", _("Mobility service provider")
    HUB = "HUB", _("Hub")
    NAP = "NAP", _("National access point")
    NSP = "NSP", _("Navigation service")
    SCSP = "SCSP", _("Smart charging service")
    OTHER = "OTHER", _("Other")


class Party(models.Model):
    """One of ours: what a CPO, or the platform as mobility provider, is called in OCPI.

    `country_code` and `party_id` stand in every object and address, so they never change once a
    partner knows them. `cpo` is empty for the platform's own EMSP role.
    """

    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ocpi_parties",
        verbose_name=_("CPO"),
    )
    role = models.CharField(_("role"), max_length=8, choices=PartyRole, default=PartyRole.CPO)
    country_code = models.CharField(
        _("country code"),
        max_length=2,
        default="ID",
        validators=[RegexValidator(r"^[A-Z]{2}\Z", _("Two capital letters, such as ID."))],
    )
    party_id = models.CharField(
        _("party id"),
        max_length=3,
        validators=[
            RegexValidator(r"^[A-Z0-9]{3}\Z", _("Three capital letters or digits, such as NUS."))
        ],
    )
    name = models.CharField(_("business name"), max_length=100)
    website = models.URLField(_("website"), max_length=255, blank=True)
    logo_url = models.URLField(_("logo (address)"), max_length=255, blank=True)
    open_data = models.BooleanField(
        _("open data"),
        default=False,
        db_default=False,
        help_text=_("Everybody may read its locations and prices at /open-data."),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("party of ours")
        verbose_name_plural = _("parties of ours")
        ordering = ("country_code", "party_id", "role")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["country_code", "party_id", "role"],
                name="ocpi_party_is_unique_in_its_country_and_role",
                violation_error_message=_("Another party has this id."),
            ),
            models.UniqueConstraint(
                fields=["cpo", "role"],
                condition=models.Q(cpo__isnull=False),
                name="ocpi_party_is_one_per_cpo_and_role",
                violation_error_message=_("This company has a party in this role."),
            ),
            models.UniqueConstraint(
                fields=["role"],
                condition=models.Q(cpo__isnull=True),
                name="ocpi_party_of_the_platform_is_one_per_role",
            ),
            choice_check("role", PartyRole, name="ocpi_party_role_is_known"),
            models.CheckConstraint(
                condition=models.Q(country_code__regex=r"^[A-Z]{2}$"),
                name="ocpi_party_country_code_is_two_capitals",
            ),
            models.CheckConstraint(
                condition=models.Q(party_id__regex=r"^[A-Z0-9]{3}$"),
                name="ocpi_party_id_is_three_capitals_or_digits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country_code}-{self.party_id} ({self.role})"
