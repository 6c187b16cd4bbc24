"""API keys: made, listed masked, revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

import django_filters
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Actor, Right, audit_name, cpos_of, is_platform_staff, require_right, visible
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.models import CPO, ApiKey, Scope, User
from cpo.services.api_keys import create_api_key, revoke_api_key
from cpo.services.idempotency import Answer
from unievp.lib.api.examples import CPO_ID, example
from unievp.lib.errors import ForbiddenError, InvalidError, NotFoundError

_MASK: Final = "••••"
_MAX_ID: Final = 2**63 - 1


@example(name="Shop", scopes=["chargers:read", "commands:write"], cpo_id=CPO_ID)
class ApiKeyRequest(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=64
    )
    cpo_id = serializers.UUIDField(
        required=False,
        help_text="The company it acts for; absent: the caller's only one, or for staff all.",
    )
    expires_at = serializers.DateTimeField(required=False)


class ApiKeyView(serializers.Serializer[ApiKey]):
    """`key` is whole in the answer that made it, and masked ever after."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    key = serializers.SerializerMethodField()
    scopes = serializers.ListField(child=serializers.CharField())
    cpo_id = serializers.UUIDField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)

    def get_key(self, key: ApiKey) -> str:
        return f"uniev_{key.prefix}_{_MASK}"


class ApiKeyFilter(django_filters.FilterSet):
    cpo_id = django_filters.UUIDFilter(field_name="cpo_id")
    revoked = django_filters.BooleanFilter(
        field_name="revoked_at", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = ApiKey
        fields: ClassVar[list[str]] = []


class ApiKeys(ListEndpoint[ApiKey]):
    scopes: ClassVar = {"GET": Scope.KEYS_READ, "POST": Scope.KEYS_WRITE}
    rights: ClassVar = {"GET": Right.VIEW, "POST": Right.MANAGE}
    queryset = ApiKey.objects.all()
    serializer_class = ApiKeyView
    filterset_class = ApiKeyFilter
    ordering_fields = ("name", "created_at", "last_used_at")
    ordering = ("-created_at", "-id")

    @extend_schema(operation_id="api_key_list", responses=ApiKeyView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The keys of your companies, masked."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="api_key_create",
        request=ApiKeyRequest,
        responses={201: ApiKeyView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        """Make a key: `key` is in this answer and never again, also not in a repeated one."""
        values = validated(ApiKeyRequest(data=request.data))
        cpo = company_of_key(self.actor, values.get("cpo_id"))
        _check_grant(self.actor, values["scopes"])
        if cpo is None:
            _check_decisions(self.actor, values["scopes"])
        expires_at = _life(self.actor, values.get("expires_at"))
        made: list[str] = []

        def write() -> Answer:
            key, text = create_api_key(
                name=values["name"],
                cpo=cpo,
                scopes=values["scopes"],
                expires_at=expires_at,
                actor=self.actor,
            )
            made.append(text)
            return Answer(201, dict(ApiKeyView(key).data))

        response = self.once(request, write)
        # Not part of the answer that is kept for repetitions.
        if made:
            response.data = {**response.data, "key": made[0]}
        response["Cache-Control"] = "no-store"
        return response


class ApiKeyDetail(Endpoint):
    scopes: ClassVar = {"DELETE": Scope.KEYS_WRITE}
    rights: ClassVar = {"DELETE": Right.MANAGE}

    @extend_schema(operation_id="api_key_revoke", responses={204: None})
    def delete(self, request: Request, key_id: int) -> Response:
        """End a key at once; it stays in the list. Again: nothing changes."""
        rows = visible(self.actor, ApiKey.objects.select_related("cpo"))
        key = rows.filter(pk=key_id).first() if key_id <= _MAX_ID else None
        if key is None:
            raise NotFoundError(_("There is no such key."))
        # A key of the platform is seen by the platform alone.
        if key.cpo is not None:
            require_right(self.actor, key.cpo, Right.MANAGE)
        revoke_api_key(key, actor=audit_name(self.actor))
        return Response(status=204)


def company_of_key(actor: Actor, cpo_id: UUID | None) -> CPO | None:
    """Whom the key is for; None: the platform, which only the platform's own people may ask.

    Raises NotFoundError for another's company, ForbiddenError without the right to manage it.
    """
    if cpo_id is None and is_platform_staff(actor):
        return None
    mine = cpos_of(actor)
    if cpo_id is not None:
        cpo = mine.filter(pk=cpo_id).first()
        if cpo is None:
            raise NotFoundError(_("There is no such company."), field="cpo_id")
    else:
        first = list(mine[:2])
        if len(first) != 1:
            raise InvalidError(_("Say for which company."), field="cpo_id")
        cpo = first[0]
    require_right(actor, cpo, Right.MANAGE)
    return cpo


def _life(actor: Actor, wanted: datetime | None) -> datetime | None:
    """Until when the new key is good; one that a key makes ends with its maker at the latest."""
    own = actor.expires_at if isinstance(actor, ApiKey) else None
    if own is not None and wanted is not None and wanted > own:
        raise ForbiddenError(
            _("This key ends before that, and so do the keys that it makes."), field="expires_at"
        )
    return wanted or own


def _check_decisions(actor: Actor, scopes: list[str]) -> None:
    """A key of the platform decides about settlements: only who may do that gives it away.

    No key does, since then nobody would know whose eyes the second pair is.
    """
    decides = sorted({Scope.ALL, Scope.SETTLEMENTS_WRITE} & set(scopes))
    may = isinstance(actor, User) and actor.has_perm("payments.change_settlement")
    if decides and not may:
        raise ForbiddenError(
            _("Only finance staff give a key of the platform %(scope)s.") % {"scope": decides[0]},
            field="scopes",
            code="insufficient_scope",
        )


def _check_grant(actor: Actor, scopes: list[str]) -> None:
    """A key gives no other key more than it has itself."""
    if isinstance(actor, ApiKey):
        beyond = [scope for scope in scopes if not actor.may(scope)]
        if beyond:
            raise ForbiddenError(
                _("This key may not give %(scope)s.") % {"scope": beyond[0]},
                field="scopes",
                code="insufficient_scope",
            )
