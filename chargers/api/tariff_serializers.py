"""Assignments, default tariffs and comparisons as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chargers.models import TariffAssignment, TariffDefault
from tariffs.api.serializers import TemplateChange
from unievp.lib.api.examples import CPO_ID, example

_MAX_ID = 2**63 - 1


@example(template_id=1, charger_id="SIM-0001", connector_id=1)
class AssignRequest(serializers.Serializer[Any]):
    """A tariff for a charger, or for one connector of it."""

    template_id = serializers.IntegerField(min_value=1, max_value=_MAX_ID)
    charger_id = serializers.CharField(max_length=48)
    connector_id = serializers.IntegerField(
        min_value=1, max_value=2**15 - 1, required=False, allow_null=True,
        help_text="Empty: all connectors that have none of their own.",
    )  # fmt: skip
    valid_from = serializers.DateTimeField(required=False, help_text="Empty: at once.")
    valid_to = serializers.DateTimeField(required=False, allow_null=True)


class AssignmentView(serializers.Serializer[TariffAssignment]):
    id = serializers.IntegerField()
    template_id = serializers.IntegerField()
    tariff = serializers.CharField(source="template.name")
    charger_id = serializers.CharField(source="charger.identity")
    connector_id = serializers.IntegerField(
        source="connector.number", default=None, allow_null=True
    )
    valid_from = serializers.DateTimeField()
    valid_to = serializers.DateTimeField(allow_null=True)


@example(template_id=1, cpo_id=CPO_ID)
class DefaultRequest(serializers.Serializer[Any]):
    """What chargers without a tariff of their own sell at."""

    template_id = serializers.IntegerField(
        min_value=1, max_value=_MAX_ID, allow_null=True, help_text="Null: none from then on."
    )
    cpo_id = serializers.UUIDField(required=False)
    location_id = serializers.IntegerField(
        min_value=1, max_value=_MAX_ID, required=False, allow_null=True,
        help_text="Empty: all locations of the company.",
    )  # fmt: skip
    valid_from = serializers.DateTimeField(required=False)


class DefaultView(serializers.Serializer[TariffDefault]):
    id = serializers.IntegerField()
    cpo_id = serializers.UUIDField()
    location_id = serializers.IntegerField(allow_null=True)
    template_id = serializers.IntegerField(allow_null=True)
    tariff = serializers.CharField(source="template.name", default=None, allow_null=True)
    valid_from = serializers.DateTimeField()


@example(only_this_tariff=True)
class ComparisonRequest(TemplateChange):
    """Past sessions at the newest prices of a tariff, or at those given here.

    Without `from` and `to`: last month, by the clock of Jakarta.
    """

    name = serializers.CharField(required=False, max_length=120)
    only_this_tariff = serializers.BooleanField(
        default=True, help_text="False: all sessions of the company."
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        given = "elements" in values or "simple" in values
        return super().validate(values) if given else values


ComparisonRequest._declared_fields["from"] = serializers.DateTimeField(required=False)
ComparisonRequest._declared_fields["to"] = serializers.DateTimeField(required=False)


class ExampleView(serializers.Serializer[Any]):
    session_id = serializers.IntegerField(source="session.pk")
    charger_id = serializers.CharField(source="session.charger.identity")
    started_at = serializers.DateTimeField(source="session.started_at")
    energy_wh = serializers.IntegerField(source="session.energy_wh")
    old = serializers.IntegerField()
    new = serializers.IntegerField()
    difference = serializers.IntegerField()


class ComparisonView(serializers.Serializer[Any]):
    """Minor units, tax included; `examples` are the sessions that change the most."""

    currency = serializers.CharField()
    sessions = serializers.IntegerField()
    energy_wh = serializers.IntegerField()
    old_total = serializers.IntegerField()
    new_total = serializers.IntegerField()
    difference = serializers.IntegerField()
    dearer = serializers.IntegerField()
    cheaper = serializers.IntegerField()
    left_out = serializers.IntegerField(help_text="Another currency, or no readable price.")
    capped = serializers.BooleanField(help_text="There were more sessions than were looked at.")
    examples = ExampleView(many=True)
