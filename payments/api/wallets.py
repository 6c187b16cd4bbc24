"""A company's wallet by the REST API: what is its own, and every entry that made it so."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Actor, Right, require_right
from cpo.api.endpoint import Endpoint, ListEndpoint
from cpo.api.tenants import company_of
from cpo.models import CPO, Scope
from payments.chart import Booking
from payments.models import LedgerEntry, Side
from payments.selectors.wallet import WALLET, statement, wallet


class BreakdownView(serializers.Serializer[Any]):
    gross_sales = serializers.IntegerField()
    platform_fee = serializers.IntegerField()
    gateway_fee = serializers.IntegerField()
    taxes = serializers.IntegerField()
    refunds = serializers.IntegerField()
    adjustments = serializers.IntegerField()
    settled = serializers.IntegerField()


class WalletView(serializers.Serializer[Any]):
    """Whole rupiah. `total` = `available` + `pending` + `on_hold`; the breakdown adds up to it."""

    cpo_id = serializers.UUIDField()
    currency = serializers.CharField()
    available = serializers.IntegerField(help_text="A settlement may take it.")
    pending = serializers.IntegerField(help_text="Earned, and not released yet.")
    on_hold = serializers.IntegerField(help_text="In an open settlement.")
    total = serializers.IntegerField()
    breakdown = BreakdownView()
    as_of = serializers.DateTimeField()


class EntryView(serializers.Serializer[Any]):
    """One side of a booking on one of the wallet's accounts; `amount` below 0 takes away."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField(source="transaction.effective_at")
    kind = serializers.ChoiceField(
        source="transaction.kind", choices=[kind.value for kind in Booking]
    )
    account = serializers.ChoiceField(
        source="account.code", choices=[code.value for code in WALLET]
    )
    amount = serializers.SerializerMethodField()
    balance_after = serializers.IntegerField(help_text="Of the account.")
    currency = serializers.CharField(source="account.currency")
    booking = serializers.CharField(source="transaction.idempotency_key")

    def get_amount(self, entry: LedgerEntry) -> int:
        # What the company owes grows by a debit, and takes away.
        gives = entry.side == Side.CREDIT
        return entry.amount if gives else -entry.amount


class EntryFilter(django_filters.FilterSet):
    """`from` and `to` are about the booking's time; `to` itself is not included."""

    kind = django_filters.ChoiceFilter(
        field_name="transaction__kind", choices=[(kind.value, kind.value) for kind in Booking]
    )
    account = django_filters.ChoiceFilter(
        field_name="account__code", choices=[(code.value, code.value) for code in WALLET]
    )

    class Meta:
        model = LedgerEntry
        fields: ClassVar[list[str]] = []


# "from" is no name in Python.
EntryFilter.base_filters["from"] = django_filters.IsoDateTimeFilter(
    field_name="transaction__effective_at", lookup_expr="gte"
)
EntryFilter.base_filters["to"] = django_filters.IsoDateTimeFilter(
    field_name="transaction__effective_at", lookup_expr="lt"
)


class WalletDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.WALLET_READ}
    rights: ClassVar = {"GET": Right.MONEY}

    @extend_schema(operation_id="wallet_read", responses=WalletView)
    def get(self, request: Request, cpo_id: UUID) -> Response:
        """What the ledger says of this company's money at this moment."""
        cpo = own_company(self.actor, cpo_id)
        now = wallet(cpo)
        return Response(
            WalletView(
                {
                    "cpo_id": cpo.pk,
                    "currency": now.currency,
                    "available": now.available,
                    "pending": now.pending,
                    "on_hold": now.on_hold,
                    "total": now.total,
                    "breakdown": now.breakdown,
                    "as_of": now.as_of,
                }
            ).data
        )


class WalletEntries(ListEndpoint[LedgerEntry]):
    scopes: ClassVar = {"GET": Scope.WALLET_READ}
    rights: ClassVar = {"GET": Right.MONEY}
    queryset = LedgerEntry.objects.select_related("transaction", "account").order_by("-id")
    serializer_class = EntryView
    filterset_class = EntryFilter
    ordering_fields = ("id",)
    ordering = ("-id",)

    def rows(self, rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
        # The ledger is the platform's; a company that may be seen opens its part.
        return statement(own_company(self.actor, self.kwargs["cpo_id"]))

    @extend_schema(operation_id="wallet_entries", responses=EntryView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The statement, newest first."""
        return super().get(request, **path)


def own_company(actor: Actor, cpo_id: UUID) -> CPO:
    """Raises NotFoundError for another's, ForbiddenError for a role that sees no money."""
    cpo = company_of(actor, cpo_id)
    require_right(actor, cpo, Right.MONEY)
    return cpo
