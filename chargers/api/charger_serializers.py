"""Chargers as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chargers.models import Charger, Connector, ConnectorStatus, ForcedStatus, PowerType
from chargers.models.location import validate_time_zone
from unievp.lib.api.examples import CPO_ID, example


class LocationPart(serializers.Serializer[Any]):
    """Where a charger stands. Of a location that exists, the name is enough."""

    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=200, required=False, allow_blank=True)
    city = serializers.CharField(max_length=80, required=False, allow_blank=True)
    province = serializers.CharField(max_length=80, required=False, allow_blank=True)
    postal_code = serializers.CharField(max_length=10, required=False, allow_blank=True)
    latitude = serializers.DecimalField(
        max_digits=10,
        decimal_places=7,
        required=False,
        allow_null=True,
        min_value=-90,
        max_value=90,
    )
    longitude = serializers.DecimalField(
        max_digits=10,
        decimal_places=7,
        required=False,
        allow_null=True,
        min_value=-180,
        max_value=180,
    )
    time_zone = serializers.CharField(
        max_length=48, required=False, validators=[validate_time_zone], help_text="Asia/Jakarta"
    )


class LocationView(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    address = serializers.CharField()
    city = serializers.CharField()
    latitude = serializers.DecimalField(max_digits=10, decimal_places=7, allow_null=True)
    longitude = serializers.DecimalField(max_digits=10, decimal_places=7, allow_null=True)
    time_zone = serializers.CharField()


class ConnectorPart(serializers.Serializer[Any]):
    connector_id = serializers.IntegerField(min_value=1, max_value=64)
    standard = serializers.CharField(max_length=32, required=False, help_text="IEC_62196_T2")
    power_type = serializers.ChoiceField(choices=PowerType.choices, required=False)
    max_power_w = serializers.IntegerField(min_value=1, max_value=2_000_000, required=False)
    max_current_a = serializers.IntegerField(min_value=1, max_value=10_000, required=False)
    max_voltage_v = serializers.IntegerField(min_value=1, max_value=2_000, required=False)


class ConnectorView(serializers.Serializer[Connector]):
    connector_id = serializers.IntegerField(source="number")
    standard = serializers.CharField()
    power_type = serializers.ChoiceField(choices=PowerType.choices)
    max_power_w = serializers.IntegerField()
    status = serializers.ChoiceField(choices=ConnectorStatus.choices)
    error_code = serializers.CharField()
    status_at = serializers.DateTimeField(allow_null=True)
    forced_status = serializers.CharField(help_text="Empty: nobody forces it.")


class ChargerView(serializers.Serializer[Charger]):
    """`status` is the charger's own word for the whole of it; `online` is ours."""

    charger_id = serializers.CharField(source="identity")
    name = serializers.CharField()
    cpo_id = serializers.UUIDField()
    location = LocationView()
    status = serializers.CharField()
    online = serializers.SerializerMethodField()
    last_seen_at = serializers.SerializerMethodField()
    connectors = ConnectorView(many=True)
    tariff = serializers.SerializerMethodField()
    vendor = serializers.CharField()
    model = serializers.CharField()
    serial_number = serializers.CharField()
    firmware_version = serializers.CharField()
    max_power_w = serializers.IntegerField()
    registration = serializers.CharField()
    security_profile = serializers.IntegerField()
    assume_ocpp16 = serializers.BooleanField()
    time_zone = serializers.CharField(help_text="Of its clock; empty: it sends UTC.")
    heartbeat_interval_s = serializers.IntegerField(allow_null=True)
    forced_status = serializers.CharField()
    retired_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_online(self, charger: Charger) -> bool:
        presence = getattr(charger, "presence", None)
        return presence is not None and presence.online

    def get_last_seen_at(self, charger: Charger) -> str | None:
        presence = getattr(charger, "presence", None)
        if presence is None or presence.last_seen_at is None:
            return None
        shown: str = serializers.DateTimeField().to_representation(presence.last_seen_at)
        return shown

    def get_tariff(self, charger: Charger) -> str | None:
        """The names of the tariffs that its connectors sell at now; null: none."""
        return getattr(charger, "tariff_name", None)


class ChargerCreated(ChargerView):
    authorization_key = serializers.CharField(
        help_text="The charger's password, shown this once; enter it as its AuthorizationKey."
    )


@example(
    charger_id="JKT-0042",
    name="Lobby",
    cpo_id=CPO_ID,
    location={"name": "Plaza", "time_zone": "Asia/Jakarta", "city": "Jakarta"},
    connectors=[{"connector_id": 1, "standard": "IEC_62196_T2", "max_power_w": 22000}],
)
class ChargerRequest(serializers.Serializer[Any]):
    """A charger to register. `location_id`, or `location` with at least its name."""

    charger_id = serializers.CharField(
        max_length=48, validators=Charger._meta.get_field("identity").validators
    )
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    cpo_id = serializers.UUIDField(
        required=False, help_text="Needed where the caller may act for several companies."
    )
    location_id = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    location = LocationPart(required=False)
    max_power_w = serializers.IntegerField(
        min_value=1, max_value=2_000_000, required=False, default=22_000
    )
    connectors = ConnectorPart(many=True, required=False, allow_empty=False)


@example(name="Basement")
class ChargerPatch(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    location_id = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    max_power_w = serializers.IntegerField(min_value=1, max_value=2_000_000, required=False)
    heartbeat_interval_s = serializers.IntegerField(
        min_value=1, max_value=86_400, required=False, allow_null=True
    )
    assume_ocpp16 = serializers.BooleanField(required=False)
    time_zone = serializers.CharField(
        max_length=48, required=False, allow_blank=True, validators=[validate_time_zone]
    )


@example(status="Unavailable", connector_id=0, reason="Cable is being replaced.")
class StatusRequest(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=ForcedStatus.choices)
    connector_id = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=64, help_text="0: the whole charger."
    )
    reason = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=300, help_text="For the audit log."
    )
