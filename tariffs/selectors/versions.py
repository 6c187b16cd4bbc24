"""Which prices a tariff sells at."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from cpo.models import CPO
from tariffs.models import TariffTemplate, TariffVersion


def version_in_force(template: TariffTemplate, at: datetime) -> TariffVersion | None:
    """The version that sells at `at`; None before the first one."""
    return TariffVersion.objects.filter(template=template).in_force(at).first()


def templates_on_sale(cpo: CPO) -> QuerySet[TariffTemplate]:
    """The CPO's tariffs that are not archived, by name."""
    return TariffTemplate.objects.filter(cpo=cpo, archived_at__isnull=True).order_by("name", "id")


def newest_version(template: TariffTemplate) -> TariffVersion | None:
    """The one that was published last, also where it is not in force yet."""
    return TariffVersion.objects.filter(template=template).order_by("-number").first()
