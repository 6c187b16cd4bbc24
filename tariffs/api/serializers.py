"""Tariff templates, and prices of described sessions."""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework import serializers

from tariffs.api.rules import ElementPart, RulesPart
from tariffs.preview import USUAL_POWER_W
from unievp.lib.api.examples import CPO_ID, example

_DAY_S = 86_400
_MONTH_S = 31 * _DAY_S


class SimplePart(serializers.Serializer[Any]):
    """The usual tariff in five numbers: what the driver pays, tax included, in major units."""

    per_kwh = serializers.DecimalField(max_digits=14, decimal_places=4, min_value=0)
    night_per_kwh = serializers.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, required=False, allow_null=True,
        help_text="From 22:00 to 05:00.",
    )  # fmt: skip
    session_fee = serializers.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, default=Decimal(0)
    )
    idle_per_minute = serializers.DecimalField(
        max_digits=14, decimal_places=4, min_value=0, default=Decimal(0)
    )
    idle_grace_minutes = serializers.IntegerField(min_value=0, max_value=1440, default=0)


@example(name="AC Jakarta", simple={"per_kwh": "2300"})
class TemplateChange(RulesPart):
    """Everything that the tariff is to say, by `elements` or by `simple`.

    Other prices than those of the newest version become a new version.
    """

    name = serializers.CharField(max_length=120)
    description = serializers.CharField(max_length=2000, allow_blank=True, default="")
    valid_from = serializers.DateTimeField(required=False, help_text="Empty: at once.")
    note = serializers.CharField(max_length=200, allow_blank=True, default="")
    elements = ElementPart(many=True, allow_empty=False, required=False)
    simple = SimplePart(required=False)

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if ("elements" in values) == ("simple" in values):
            text = _("Give the prices as elements or as simple, and not as both.")
            raise serializers.ValidationError({"elements": [text]})
        return values


@example(name="AC Jakarta", cpo_id=CPO_ID, simple={"per_kwh": "2466", "idle_per_minute": "500"})
class TemplateRequest(TemplateChange):
    """A tariff with its first version."""

    cpo_id = serializers.UUIDField(
        required=False, help_text="Needed where the caller may act for several companies."
    )


class VersionPart(serializers.Serializer[Any]):
    version = serializers.IntegerField(source="number")
    valid_from = serializers.DateTimeField()
    note = serializers.CharField()


class PriceTextPart(serializers.Serializer[Any]):
    """As drivers read it."""

    short = serializers.CharField()
    lines = serializers.ListField(child=serializers.CharField())


class PriceTexts(serializers.Serializer[Any]):
    id = PriceTextPart()
    en = PriceTextPart()


class TemplateView(RulesPart):
    """A tariff with the prices of its newest version; `in_force` is the one that sells now."""

    id = serializers.IntegerField()
    cpo_id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    valid_from = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField()
    in_force = serializers.IntegerField(allow_null=True, help_text="Null: none yet.")
    versions = VersionPart(many=True)
    price_text = PriceTexts(allow_null=True)
    archived_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()


@example(energy_wh=20_000, starts_at="2026-03-09T19:00", pbjt_percent="3")
class PreviewRequest(serializers.Serializer[Any]):
    """A session: how much energy from when, how long, and how long the car stood on."""

    energy_wh = serializers.IntegerField(min_value=0, max_value=2_000_000)
    starts_at = serializers.CharField(
        max_length=40, help_text="Without an offset it is the time at the location."
    )
    duration_s = serializers.IntegerField(
        min_value=0, max_value=_MONTH_S, required=False, help_text="Empty: by `power_w`."
    )
    power_w = serializers.IntegerField(min_value=1, max_value=2_000_000, default=USUAL_POWER_W)
    idle_s = serializers.IntegerField(min_value=0, max_value=_MONTH_S, default=0)
    time_zone = serializers.CharField(max_length=48, default="Asia/Jakarta")
    pbjt_percent = serializers.DecimalField(
        max_digits=7,
        decimal_places=4,
        min_value=Decimal(0),
        max_value=Decimal(10),
        default=Decimal(0),
    )
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, required=False)

    def validate_time_zone(self, name: str) -> str:
        if name not in zoneinfo.available_timezones():
            raise serializers.ValidationError(_no_zone(name))
        return name

    def validate_starts_at(self, text: str) -> datetime:
        return _moment(text)


class PreviewLine(serializers.Serializer[Any]):
    kind = serializers.CharField()
    quantity = serializers.CharField(help_text="With what a step rounded up.")
    unit = serializers.CharField()
    unit_price = serializers.CharField()
    net = serializers.IntegerField()
    tax = serializers.IntegerField()
    amount = serializers.IntegerField()
    element = serializers.IntegerField(allow_null=True)
    why = serializers.CharField()


class PreviewView(serializers.Serializer[Any]):
    """Minor units of `currency`; for rupiah: rupiah. Lines add up to `total`."""

    template_id = serializers.IntegerField()
    version = serializers.IntegerField()
    currency = serializers.CharField()
    total = serializers.IntegerField()
    net = serializers.IntegerField()
    tax = serializers.IntegerField()
    taxes = serializers.DictField(child=serializers.IntegerField())
    waived = serializers.BooleanField(help_text="Too little energy to cost anything.")
    lines = PreviewLine(many=True)


def _no_zone(name: str) -> str:
    return _("%(name)s is not a time zone; use a name such as Asia/Jakarta.") % {"name": name}


def _moment(text: str) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2200:
        raise serializers.ValidationError(
            _("Not a date and time: write it such as 2026-03-09T19:00.")
        )
    return found
