"""Other companies' locations and our drivers' sessions there as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ocpi.models import ForeignStatus
from ocpi.selectors.abroad import SessionAbroad


class RoamingLocationView(serializers.Serializer[Any]):
    """A place of another company where drivers of the platform may charge."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    country = serializers.CharField(help_text="ISO 3166, three letters.")
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    time_zone = serializers.CharField()
    distance_m = serializers.IntegerField(allow_null=True, help_text="Where `near` was given.")
    operator = serializers.CharField()
    evses = serializers.IntegerField()
    available = serializers.IntegerField(help_text="EVSEs that are free, by the company's word.")
    standards = serializers.ListField(child=serializers.CharField())
    max_power_w = serializers.IntegerField()
    updated_at = serializers.DateTimeField(source="last_updated")


class RoamingTariffView(serializers.Serializer[Any]):
    id = serializers.CharField()
    currency = serializers.CharField()
    short = serializers.CharField(help_text="One line with the prices alone.")
    lines = serializers.ListField(child=serializers.CharField(), help_text="Every rule in words.")
    told = serializers.CharField(help_text="The company's own words, where it has some.")


class RoamingConnectorView(serializers.Serializer[Any]):
    id = serializers.CharField()
    standard = serializers.CharField()
    format = serializers.CharField()
    power_type = serializers.CharField()
    max_power_w = serializers.IntegerField()
    tariffs = RoamingTariffView(many=True)


class RoamingEvseView(serializers.Serializer[Any]):
    uid = serializers.CharField()
    evse_id = serializers.CharField(help_text="As it stands on the charger.")
    status = serializers.CharField(help_text="OCPI's: AVAILABLE, CHARGING, OUTOFORDER …")
    physical_reference = serializers.CharField()
    can_start_by_app = serializers.BooleanField()
    can_reserve = serializers.BooleanField()
    connectors = RoamingConnectorView(many=True)


class RoamingLocationDetailView(RoamingLocationView):
    postal_code = serializers.CharField()
    directions = serializers.CharField()
    facilities = serializers.ListField(child=serializers.CharField())
    always_open = serializers.BooleanField(allow_null=True, help_text="Null: not told.")
    evse_list = RoamingEvseView(many=True)


class RoamingPlaceView(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()


class RoamingSessionView(serializers.Serializer[Any]):
    """Energy and cost as the other company tells them, live; `charged` once its bill has come."""

    id = serializers.IntegerField(source="session.pk")
    status = serializers.ChoiceField(choices=ForeignStatus.choices, source="session.status")
    driver_id = serializers.SerializerMethodField()
    operator = serializers.SerializerMethodField(help_text="Country code and party id.")
    location = RoamingPlaceView(allow_null=True)
    evse_uid = serializers.CharField(source="session.evse_uid")
    connector_id = serializers.CharField(source="session.connector_id")
    started_at = serializers.DateTimeField(source="session.started_at")
    ended_at = serializers.DateTimeField(source="session.ended_at", allow_null=True)
    energy_wh = serializers.IntegerField(source="session.energy_wh")
    cost = serializers.IntegerField(
        allow_null=True,
        help_text="So far, in minor units; null: not told, or in a currency unknown to us.",
    )
    cost_includes_tax = serializers.BooleanField()
    currency = serializers.CharField(source="session.currency")
    charged = serializers.IntegerField(
        allow_null=True, help_text="What the driver owes for it, tax included, in minor units."
    )
    updated_at = serializers.DateTimeField(source="session.received_at")

    def get_driver_id(self, row: SessionAbroad) -> str | None:
        token = row.session.own_token
        return str(token.contract.driver_id) if token else None

    def get_operator(self, row: SessionAbroad) -> str:
        return f"{row.session.country_code}-{row.session.party_id}"
