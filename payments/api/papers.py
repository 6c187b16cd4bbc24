"""A settlement's statement, the rhythm of settlements, and the accounts they go to, by the API."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chargers.models.location import validate_time_zone
from cpo.access import Right, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.models import CPO, BankAccountChange, Scope
from cpo.services.bank_accounts import change_bank_account
from cpo.services.idempotency import Answer
from payments.api.settlements import find_settlement
from payments.api.wallets import own_company
from payments.documents.files import statement_file
from payments.models import Frequency, SettlementSchedule, Weekday
from payments.services.settling.schedules import set_schedule
from unievp.lib.api.examples import example
from unievp.lib.api.negotiation import AnyType
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import ConflictError
from unievp.lib.secrets import mask

_DEFAULT_ZONE = "Asia/Jakarta"
_MEDIA = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}


# --- Statements ---------------------------------------------------------------------------------


class _Statement(Endpoint):
    scopes: ClassVar = {"GET": Scope.WALLET_READ}
    rights: ClassVar = {"GET": Right.MONEY}
    content_negotiation_class = AnyType

    def file(self, cpo_id: UUID, settlement_id: int, kind: str) -> HttpResponseBase:
        response = statement_file(find_settlement(self, cpo_id, settlement_id), kind)
        response["Content-Type"] = _MEDIA[kind]
        return response


class StatementPdf(_Statement):
    @extend_schema(
        operation_id="settlement_statement_pdf",
        responses={(200, "application/pdf"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, _request: Request, cpo_id: UUID, settlement_id: int) -> HttpResponseBase:
        """The statement as a paper, in the language of `Accept-Language` (id, en)."""
        return self.file(cpo_id, settlement_id, "pdf")


class StatementCsv(_Statement):
    @extend_schema(
        operation_id="settlement_statement_csv",
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, _request: Request, cpo_id: UUID, settlement_id: int) -> HttpResponseBase:
        """A row per entry between the balances before and after."""
        return self.file(cpo_id, settlement_id, "csv")


# --- The schedule -------------------------------------------------------------------------------


@example(frequency="weekly", weekday=0, time_zone="Asia/Jakarta")
class ScheduleRequest(serializers.Serializer[Any]):
    """`weekday` is for `weekly`, `threshold` (rupiah) for `threshold`."""

    frequency = serializers.ChoiceField(choices=Frequency.choices)
    weekday = serializers.ChoiceField(choices=Weekday.choices, default=Weekday.MONDAY)
    threshold = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**53
    )
    time_zone = serializers.CharField(
        default=_DEFAULT_ZONE, max_length=48, validators=[validate_time_zone]
    )


class ScheduleView(serializers.Serializer[SettlementSchedule]):
    """When settlements are asked for by themselves; `off`: the company asks."""

    frequency = serializers.ChoiceField(choices=Frequency.choices)
    weekday = serializers.IntegerField()
    threshold = serializers.IntegerField(allow_null=True)
    time_zone = serializers.CharField()


class Schedule(Endpoint):
    scopes: ClassVar = {"GET": Scope.WALLET_READ, "PUT": Scope.SETTLEMENTS_WRITE}
    rights: ClassVar = {"GET": Right.MONEY, "PUT": Right.MONEY}

    @extend_schema(operation_id="settlement_schedule_read", responses=ScheduleView)
    def get(self, _request: Request, cpo_id: UUID) -> Response:
        """The company's rhythm."""
        body = _schedule_of(own_company(self.actor, cpo_id))
        return Response(body, headers={"ETag": etag_of(body)})

    @extend_schema(
        operation_id="settlement_schedule_set", request=ScheduleRequest, responses=ScheduleView
    )
    def put(self, request: Request, cpo_id: UUID) -> Response:
        """Ask daily, weekly, as soon as there is enough, or not. `If-Match` is honoured."""
        cpo = own_company(self.actor, cpo_id)
        values = validated(ScheduleRequest(data=request.data))
        check_if_match(request, etag_of(_schedule_of(cpo)))
        set_schedule(cpo, actor=self.actor, **values)
        body = _schedule_of(cpo)
        return Response(body, headers={"ETag": etag_of(body)})


def _schedule_of(cpo: CPO) -> dict[str, Any]:
    schedule = SettlementSchedule.objects.filter(cpo=cpo).first()
    usual = SettlementSchedule(cpo=cpo, frequency=Frequency.OFF, time_zone=_DEFAULT_ZONE)
    return dict(ScheduleView(schedule or usual).data)


# --- Bank accounts ------------------------------------------------------------------------------


@example(bank_code="BCA", bank_account_name="PT Contoh", bank_account_number="1234567890")
class BankAccountRequest(serializers.Serializer[Any]):
    bank_code = serializers.CharField(max_length=32)
    bank_account_name = serializers.CharField(max_length=120)
    bank_account_number = serializers.CharField(max_length=40)


class BankAccountView(serializers.Serializer[BankAccountChange]):
    """The newest is where money goes, once it is verified and `usable_from` is over."""

    id = serializers.IntegerField()
    bank_code = serializers.CharField()
    bank_account_name = serializers.CharField(source="account_name")
    bank_account_number = serializers.SerializerMethodField(help_text="Masked.")
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField(source="changed_label")
    usable_from = serializers.DateTimeField()
    verified_at = serializers.DateTimeField(allow_null=True)
    refused_at = serializers.DateTimeField(allow_null=True)
    refusal = serializers.CharField(help_text="Why the platform does not pay to it.")

    def get_bank_account_number(self, change: BankAccountChange) -> str:
        return mask(change.account_number)


class BankAccounts(ListEndpoint[BankAccountChange]):
    scopes: ClassVar = {"GET": Scope.WALLET_READ, "POST": Scope.SETTLEMENTS_WRITE}
    rights: ClassVar = {"GET": Right.MONEY, "POST": Right.MONEY}
    queryset = BankAccountChange.objects.all()
    serializer_class = BankAccountView
    ordering_fields = ("changed_at",)
    ordering = ("-changed_at", "-id")

    def rows(self, rows: QuerySet[BankAccountChange]) -> QuerySet[BankAccountChange]:
        cpo = own_company(self.actor, self.kwargs["cpo_id"])
        return visible(self.actor, rows).filter(cpo=cpo)

    @extend_schema(operation_id="bank_account_list", responses=BankAccountView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The accounts that the company named since it was registered, newest first."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="bank_account_change",
        request=BankAccountRequest,
        responses={201: BankAccountView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, cpo_id: UUID) -> Response:
        """Name another account. It cools off, and the platform verifies it, before it is paid to.

        409 for the account that the company has.
        """
        cpo = own_company(self.actor, cpo_id)
        values = validated(BankAccountRequest(data=request.data))

        def write() -> Answer:
            change = change_bank_account(
                cpo,
                bank_code=values["bank_code"],
                name=values["bank_account_name"],
                number=values["bank_account_number"],
                actor=self.actor,
            )
            if change is None:
                raise ConflictError(_("The company has this account."), code="same_account")
            return Answer(201, dict(BankAccountView(change).data))

        return self.once(request, write)
