"""What every endpoint with tenants' rows has: its actor, and writes that happen once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar, Final, TypeVar, cast

import orjson
from django.db.models import Model, QuerySet
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.generics import GenericAPIView
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo.access import Actor, Right, require_right, visible
from cpo.api.rights import Need
from cpo.models import CPO, Driver
from cpo.services.idempotency import Answer, once
from unievp.lib.api.operations import IDEMPOTENCY_KEY

__all__ = ["IDEMPOTENCY_KEY", "Endpoint", "ListEndpoint", "validated"]
_Row = TypeVar("_Row", bound=Model)
_NO_CONTENT: Final = 204


class Endpoint(APIView):
    """`rights` says what people need for each method, `scopes` what an API key needs besides.

    A method without a scope is closed to keys. `drivers` are the methods that drivers may use.
    The permission table of docs/api.md is made of all three.
    """

    rights: ClassVar[dict[str, Need]] = {}
    scopes: ClassVar[dict[str, str]] = {}
    drivers: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls, **options: Any) -> None:
        """Changes happen once per `Idempotency-Key` by themselves; a POST that writes says so."""
        super().__init_subclass__(**options)
        for method in ("put", "patch", "delete"):
            if method in vars(cls):
                setattr(cls, method, _once_per_key(vars(cls)[method]))

    @property
    def actor(self) -> Actor:
        """Who asks: a person or an API key; `cpo.access` takes either."""
        return cast("Actor", self.request.user)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Strangers and wrong keys are counted, too: REST framework turns them away before."""
        try:
            super().initial(request, *args, **kwargs)
        except (AuthenticationFailed, NotAuthenticated):
            self.check_throttles(request)
            raise

    def require(self, cpo: CPO) -> None:
        """Raise ForbiddenError unless the actor has the right of this method in `cpo`.

        A driver got here because the method is for drivers, and sees no row but their own.
        """
        if isinstance(self.actor, Driver):
            return
        method = "GET" if self.request.method == "HEAD" else self.request.method
        need = self.rights[method or ""]
        if not isinstance(need, Right):
            message = f"{type(self).__name__} asks for no right in a company"
            raise TypeError(message)
        require_right(self.actor, cpo, need)

    def once(self, request: Request, write: Callable[[], Answer]) -> Response:
        """The answer of `write`, which happens once per `Idempotency-Key` (if there is one)."""
        answer = once(
            self.actor,
            key=request.headers.get("Idempotency-Key", "").strip(),
            request=orjson.dumps(
                [request.method, request.path, request.data], option=orjson.OPT_SORT_KEYS
            ),
            write=write,
        )
        headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
        body = None if answer.status == _NO_CONTENT else answer.body
        return Response(body, status=answer.status, headers=headers)


def _once_per_key(handler: Callable[..., Response]) -> Callable[..., Response]:
    """Also before `If-Match` is looked at: the first request has made another version."""

    @wraps(handler)
    def answered(endpoint: Endpoint, request: Request, *args: Any, **path: Any) -> Response:
        if not request.headers.get("Idempotency-Key", "").strip():
            return handler(endpoint, request, *args, **path)
        first: list[Response] = []

        def write() -> Answer:
            response = handler(endpoint, request, *args, **path)
            first.append(response)
            return Answer(response.status_code, dict(response.data or {}))

        kept = endpoint.once(request, write)
        return first[0] if first else kept

    return answered


class ListEndpoint(Endpoint, ListModelMixin, GenericAPIView[_Row]):
    """GET: a page of the rows that the actor may see, filtered and ordered.

    Subclasses say `queryset`, `serializer_class`, `filterset_class`, `ordering_fields`.
    """

    def get_queryset(self) -> QuerySet[_Row]:
        rows = super().get_queryset()
        # The schema is drawn without a request.
        return rows.none() if getattr(self, "swagger_fake_view", False) else self.rows(rows)

    def rows(self, rows: QuerySet[_Row]) -> QuerySet[_Row]:
        return visible(self.actor, rows)

    def prepare(self, rows: list[_Row]) -> None:
        """Add what the rows of one page need, by a query for all of them."""

    def get(self, request: Request, **path: Any) -> Response:
        rows = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        self.prepare(rows)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)


def validated(serializer: Any) -> dict[str, Any]:
    """The serializer's values. Raises ValidationError, told as a problem with its fields."""
    serializer.is_valid(raise_exception=True)
    values: dict[str, Any] = serializer.validated_data
    return values
