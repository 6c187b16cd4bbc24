"""Settlements by the REST API: a company asks, the platform's staff decide with four eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Right, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.rights import Platform
from cpo.models import Scope
from cpo.services.idempotency import Answer
from payments.api.wallets import own_company
from payments.models import Settlement
from payments.services.settlements import (
    approve_settlement,
    cancel_settlement,
    reject_settlement,
    request_settlement,
)
from payments.states import SettlementStatus
from unievp.lib.api.examples import example
from unievp.lib.errors import NotFoundError
from unievp.lib.secrets import mask

_MAX_ID = 2**63 - 1


@example(amount=60_000)
class SettlementRequest(serializers.Serializer[Any]):
    amount = serializers.IntegerField(
        required=False, max_value=2**53, help_text="Rupiah; all that is available without it."
    )


@example(reason="The account is wrong.")
class ReasonRequest(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", max_length=200, allow_blank=True)


class SettlementView(serializers.Serializer[Settlement]):
    id = serializers.IntegerField()
    code = serializers.SerializerMethodField()
    cpo_id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=SettlementStatus.choices)
    amount = serializers.IntegerField()
    fee = serializers.IntegerField()
    currency = serializers.CharField()
    bank_code = serializers.CharField()
    bank_account_name = serializers.CharField()
    bank_account_number = serializers.SerializerMethodField(help_text="Masked.")
    reason = serializers.CharField()
    requested_by = serializers.SerializerMethodField()
    requested_at = serializers.DateTimeField()
    decided_by = serializers.SerializerMethodField()
    decided_at = serializers.DateTimeField(allow_null=True)
    paid_at = serializers.DateTimeField(allow_null=True)

    def get_code(self, settlement: Settlement) -> str:
        return str(settlement)

    def get_bank_account_number(self, settlement: Settlement) -> str:
        return mask(settlement.bank_account_number)

    def get_requested_by(self, settlement: Settlement) -> str | None:
        return _name(settlement.requested_by, settlement.requested_key)

    def get_decided_by(self, settlement: Settlement) -> str | None:
        return _name(settlement.decided_by, settlement.decided_key)


class SettlementFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=SettlementStatus.choices)

    class Meta:
        model = Settlement
        fields: ClassVar[list[str]] = []


_PARTS = ("cpo", "requested_by", "requested_key", "decided_by", "decided_key")


class SettlementsRequest(Endpoint):
    scopes: ClassVar = {"POST": Scope.SETTLEMENTS_WRITE}
    rights: ClassVar = {"POST": Right.MONEY}

    @extend_schema(
        operation_id="settlement_request",
        request=SettlementRequest,
        responses={201: SettlementView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, cpo_id: UUID) -> Response:
        """Ask for `amount`, or for all that is available; it stands on hold from now on.

        422 for more than is available, 409 while another one is open.
        """
        actor = self.actor
        cpo = own_company(actor, cpo_id)
        values = validated(SettlementRequest(data=request.data))

        def write() -> Answer:
            settlement = request_settlement(cpo, actor=actor, amount=values.get("amount"))
            return Answer(201, dict(SettlementView(settlement).data))

        return self.once(request, write)


class Settlements(ListEndpoint[Settlement]):
    scopes: ClassVar = {"GET": Scope.WALLET_READ}
    rights: ClassVar = {"GET": Right.MONEY}
    queryset = Settlement.objects.select_related(*_PARTS)
    serializer_class = SettlementView
    filterset_class = SettlementFilter
    ordering_fields = ("requested_at", "amount")
    ordering = ("-requested_at", "-id")

    def rows(self, rows: QuerySet[Settlement]) -> QuerySet[Settlement]:
        cpo = own_company(self.actor, self.kwargs["cpo_id"])
        return visible(self.actor, rows).filter(cpo=cpo)

    @extend_schema(operation_id="settlement_list", responses=SettlementView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The company's settlements, newest first."""
        return super().get(request, **path)


class SettlementDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.WALLET_READ}
    rights: ClassVar = {"GET": Right.MONEY}

    @extend_schema(operation_id="settlement_read", responses=SettlementView)
    def get(self, request: Request, cpo_id: UUID, settlement_id: int) -> Response:
        return Response(SettlementView(find_settlement(self, cpo_id, settlement_id)).data)


class SettlementStep(Endpoint):
    """One decision about one settlement; subclasses say which."""

    scopes: ClassVar = {"POST": Scope.SETTLEMENTS_WRITE}

    def step(self, request: Request, cpo_id: UUID, settlement_id: int, **decision: Any) -> Response:
        settlement = find_settlement(self, cpo_id, settlement_id)
        decide: Callable[..., Settlement] = decision.pop("decide")

        def write() -> Answer:
            decided = decide(settlement, actor=self.actor, **decision)
            return Answer(200, dict(SettlementView(decided).data))

        return self.once(request, write)


class SettlementApproval(SettlementStep):
    rights: ClassVar = {"POST": Platform("payments.change_settlement")}

    @extend_schema(
        operation_id="settlement_approve",
        request=None,
        responses=SettlementView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, cpo_id: UUID, settlement_id: int) -> Response:
        """Staff only, and never who asked (403 `four_eyes`). The payout is then ordered."""
        return self.step(request, cpo_id, settlement_id, decide=approve_settlement)


class SettlementRejection(SettlementStep):
    rights: ClassVar = {"POST": Platform("payments.change_settlement")}

    @extend_schema(
        operation_id="settlement_reject",
        request=ReasonRequest,
        responses=SettlementView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, cpo_id: UUID, settlement_id: int) -> Response:
        """Staff only; `reason` is needed. The money is available again."""
        values = validated(ReasonRequest(data=request.data))
        return self.step(request, cpo_id, settlement_id, decide=reject_settlement, **values)


class SettlementCancellation(SettlementStep):
    rights: ClassVar = {"POST": Right.MONEY}

    @extend_schema(
        operation_id="settlement_cancel",
        request=ReasonRequest,
        responses=SettlementView,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, cpo_id: UUID, settlement_id: int) -> Response:
        """Taken back before the bank knows of it. The money is available again."""
        values = validated(ReasonRequest(data=request.data))
        return self.step(request, cpo_id, settlement_id, decide=cancel_settlement, **values)


def find_settlement(endpoint: Endpoint, cpo_id: UUID, settlement_id: int) -> Settlement:
    """Raises NotFoundError, also for another company's."""
    cpo = own_company(endpoint.actor, cpo_id)
    rows = visible(endpoint.actor, Settlement.objects.select_related(*_PARTS)).filter(cpo=cpo)
    settlement = rows.filter(pk=settlement_id).first() if settlement_id <= _MAX_ID else None
    if settlement is None:
        raise NotFoundError(_("There is no such settlement."))
    return settlement


def _name(person: Any, key: Any) -> str | None:
    if person is not None:
        return str(person.get_username())
    return f"api key: {key.name}" if key is not None else None
