"""Companies: they register, staff decide about them, they keep their own data."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

import django_filters
from django.db import transaction
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Actor, Right, cpos_of, is_platform_staff, require_right
from cpo.api.company_serializers import (
    CompanyPatch,
    CompanyRequest,
    CompanyView,
    CompanyWithDocuments,
    DecisionRequest,
    papers_of,
)
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.rights import Open, Platform
from cpo.models import CPO, ApiKey, CPOStatus, Scope, User
from cpo.services.bank_accounts import change_bank_account
from cpo.services.companies import (
    CompanyData,
    change_company,
    change_cpo_status,
    register_cpo,
)
from cpo.services.idempotency import Answer
from unievp.lib.api.throttles import RegistrationThrottle
from unievp.lib.api.versions import check_if_match, etag_of
from unievp.lib.errors import ForbiddenError, InvalidError, NotFoundError

_BANK = ("bank_code", "bank_account_name", "bank_account_number")
_DECISIONS = {
    "approve": CPOStatus.VERIFIED,
    "reject": CPOStatus.REJECTED,
    "suspend": CPOStatus.SUSPENDED,
}


class CompanyFilter(django_filters.FilterSet):
    status = django_filters.ChoiceFilter(choices=CPOStatus.choices)
    search = django_filters.CharFilter(field_name="name", lookup_expr="icontains", max_length=100)

    class Meta:
        model = CPO
        fields: ClassVar[list[str]] = []


class Companies(ListEndpoint[CPO]):
    scopes: ClassVar = {"GET": Scope.COMPANIES_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    queryset = CPO.objects.all()
    serializer_class = CompanyView
    filterset_class = CompanyFilter
    ordering_fields = ("name", "created_at")
    ordering = ("name", "id")

    @extend_schema(operation_id="cpo_list", responses=CompanyView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The companies you may see: your own, or all of them for staff."""
        return super().get(request, **path)


class CompanyRegistration(Endpoint):
    """Open to everybody, and slow for those who come often."""

    scopes: ClassVar = {"POST": Scope.COMPANIES_WRITE}
    rights: ClassVar = {"POST": Open.EVERYBODY}
    permission_classes = (AllowAny,)
    throttle_classes = (RegistrationThrottle,)

    @extend_schema(
        operation_id="cpo_register",
        request=CompanyRequest,
        responses={201: CompanyWithDocuments},
        parameters=[IDEMPOTENCY_KEY],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Register a company: it is `pending` until staff have looked at its papers."""
        values = validated(CompanyRequest(data=request.data))
        if isinstance(self.actor, ApiKey) and not is_platform_staff(self.actor):
            raise ForbiddenError(_("This key acts for a company that is registered already."))
        papers = papers_of(values)

        def write() -> Answer:
            cpo = register_cpo(CompanyData(**values), actor=_who(self.actor), papers=papers)
            return Answer(201, show_company(cpo))

        return self.once(request, write)


class CompanyDetail(Endpoint):
    scopes: ClassVar = {"GET": Scope.COMPANIES_READ, "PATCH": Scope.COMPANIES_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "PATCH": Right.MANAGE}

    @extend_schema(operation_id="cpo_read", responses=CompanyWithDocuments)
    def get(self, request: Request, cpo_id: UUID) -> Response:
        body = show_company(find_company(self.actor, cpo_id))
        return Response(body, headers={"ETag": etag_of(body)})

    @extend_schema(operation_id="cpo_change", request=CompanyPatch, responses=CompanyWithDocuments)
    def patch(self, request: Request, cpo_id: UUID) -> Response:
        """Change its contact and address; what was verified only staff change.

        A new bank account needs the right to the company's money. Settlements to it are refused
        until it has cooled off and the platform has verified it.
        """
        cpo = find_company(self.actor, cpo_id)
        values = validated(CompanyPatch(data=request.data, partial=True))
        bank = {name: values.pop(name) for name in _BANK if name in values}
        require_right(self.actor, cpo, Right.MANAGE if values or not bank else Right.MONEY)
        check_if_match(request, etag_of(show_company(cpo)))
        with transaction.atomic():
            if bank:
                _change_bank(cpo, bank, self.actor)
            changed = change_company(cpo, actor=self.actor, **values) if values else cpo
            changed.refresh_from_db()
        body = show_company(changed)
        return Response(body, headers={"ETag": etag_of(body)})


class CompanyVerification(Endpoint):
    scopes: ClassVar = {"POST": Scope.COMPANIES_WRITE}
    rights: ClassVar = {"POST": Platform()}

    @extend_schema(
        operation_id="cpo_verify",
        request=DecisionRequest,
        responses=CompanyWithDocuments,
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, cpo_id: UUID) -> Response:
        """Staff decide: a verified company sells and is paid, a suspended one ends what runs."""
        cpo = find_company(self.actor, cpo_id)
        values = validated(DecisionRequest(data=request.data))

        def write() -> Answer:
            decided = change_cpo_status(
                cpo,
                actor=self.actor,
                status=_DECISIONS[values["decision"]],
                reason=values["reason"],
            )
            return Answer(200, show_company(decided))

        return self.once(request, write)


def _change_bank(cpo: CPO, bank: dict[str, str], actor: Actor) -> None:
    """Whole: a new number of an old bank is a mistake that would cost money."""
    for name in _BANK:
        if not bank.get(name):
            detail = _("A new bank account has a bank, a holder and a number.")
            raise InvalidError(detail, field=name)
    change_bank_account(
        cpo,
        bank_code=bank["bank_code"],
        name=bank["bank_account_name"],
        number=bank["bank_account_number"],
        actor=actor,
    )


def find_company(actor: Actor, cpo_id: UUID) -> CPO:
    """Raises NotFoundError, also for another company."""
    cpo = cpos_of(actor).filter(pk=cpo_id).first()
    if cpo is None:
        raise NotFoundError(_("There is no such company."))
    return cpo


def show_company(cpo: CPO) -> dict[str, Any]:
    """JSON-ready, since it is kept under an Idempotency-Key."""
    data: dict[str, Any] = dict(CompanyWithDocuments(cpo).data)
    return data


def _who(actor: Actor) -> Any:
    if isinstance(actor, ApiKey):
        return f"api key: {actor.name}"
    return actor if isinstance(actor, User) else "anonymous"
