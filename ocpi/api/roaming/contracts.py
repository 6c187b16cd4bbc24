"""Who may charge at other companies, and what they owe for it."""

from __future__ import annotations

from typing import Any, ClassVar

import django_filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.api.endpoint import ListEndpoint
from cpo.api.rights import Platform
from cpo.models import Scope
from ocpi.api.roaming.base import RoamingEndpoint
from ocpi.models import ContractStatus, RoamingContract
from ocpi.selectors.debts import ContractCredit, credits_of


class OwedView(serializers.Serializer[Any]):
    currency = serializers.CharField()
    amount = serializers.IntegerField(help_text="In minor units.")


class RoamingContractView(serializers.Serializer[Any]):
    """Of a `ContractCredit`."""

    contract_id = serializers.CharField(source="contract.contract_id")
    driver_id = serializers.UUIDField(source="contract.driver_id")
    status = serializers.ChoiceField(choices=ContractStatus.choices, source="contract.status")
    credit_limit = serializers.IntegerField(
        source="contract.credit_limit", allow_null=True, help_text="Rupiah; null: without a limit."
    )
    owed = serializers.SerializerMethodField()
    has_credit = serializers.BooleanField(help_text="Whether others are told to let them charge.")
    created_at = serializers.DateTimeField(source="contract.created_at")

    @extend_schema_field(OwedView(many=True))
    def get_owed(self, row: ContractCredit) -> list[dict[str, object]]:
        return [{"currency": code, "amount": amount} for code, amount in row.owed.items()]


class RoamingContractFilter(django_filters.FilterSet):
    driver_id = django_filters.UUIDFilter(field_name="driver_id")
    status = django_filters.ChoiceFilter(choices=ContractStatus.choices)

    class Meta:
        model = RoamingContract
        fields: ClassVar[list[str]] = []


class RoamingContracts(RoamingEndpoint, ListEndpoint[RoamingContract]):
    scopes: ClassVar = {"GET": Scope.PAYMENTS_READ}
    rights: ClassVar = {"GET": Platform()}
    drivers: ClassVar = frozenset({"GET"})
    queryset = RoamingContract.objects.all()
    serializer_class = RoamingContractView
    filterset_class = RoamingContractFilter
    ordering_fields = ("created_at",)
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="roaming_contract_list", responses=RoamingContractView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """A driver's own one: the credit, and what is owed. Others refuse who has no credit left
        until a payment of what is owed was booked.
        """
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        views = RoamingContractView(credits_of(rows), many=True)
        return self.get_paginated_response(views.data)
