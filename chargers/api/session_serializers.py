"""Charging sessions and their readings as the API shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chargers.models import AuthorizationStatus, BillingStatus, ChargingSession, SessionStatus


class SessionView(serializers.Serializer[ChargingSession]):
    """`cost` is the bill's total once there is one (`billing_status` billed), before that what the
    session costs so far; null where it has no price.
    """

    id = serializers.IntegerField()
    transaction_id = serializers.IntegerField(help_text="OCPP's own.")
    cpo_id = serializers.UUIDField()
    charger_id = serializers.CharField(source="charger.identity")
    connector_id = serializers.IntegerField(source="connector.number")
    location = serializers.CharField(source="charger.location.name")
    time_zone = serializers.CharField(source="charger.location.time_zone")
    id_tag = serializers.CharField()
    driver_id = serializers.UUIDField(allow_null=True)
    authorization = serializers.ChoiceField(choices=AuthorizationStatus.choices)
    status = serializers.ChoiceField(choices=SessionStatus.choices)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    stop_reason = serializers.CharField()
    meter_start_wh = serializers.IntegerField()
    meter_stop_wh = serializers.IntegerField(allow_null=True)
    energy_wh = serializers.IntegerField()
    power_w = serializers.IntegerField(allow_null=True)
    soc_percent = serializers.IntegerField(allow_null=True)
    last_reading_at = serializers.DateTimeField(allow_null=True)
    cost = serializers.SerializerMethodField()
    currency = serializers.CharField()
    billing_status = serializers.ChoiceField(choices=BillingStatus.choices)
    hold_reason = serializers.CharField()

    def get_cost(self, session: ChargingSession) -> int | None:
        cost: int | None = getattr(session, "shown_cost", session.cost)
        return cost


class ReadingView(serializers.Serializer[Any]):
    """One point in time; null where the charger measured nothing of the kind."""

    measured_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    energy_wh = serializers.IntegerField(allow_null=True)
    power_w = serializers.IntegerField(allow_null=True)
    current_ma = serializers.IntegerField(allow_null=True)
    voltage_mv = serializers.IntegerField(allow_null=True)
    soc_percent = serializers.IntegerField(allow_null=True)
    temperature_mc = serializers.IntegerField(allow_null=True)
    adjustments = serializers.JSONField(
        allow_null=True, help_text="What was changed or doubted on the way in."
    )
