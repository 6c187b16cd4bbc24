"""What is said in a ticket, and the files beside it, by the REST API."""

from __future__ import annotations

import hashlib
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from cpo.access import Right
from cpo.api.endpoint import IDEMPOTENCY_KEY, Endpoint, ListEndpoint, validated
from cpo.api.rights import Need
from cpo.models import Driver, Scope
from cpo.services.idempotency import Answer, once
from tickets.api.finding import find_ticket
from tickets.api.serializers import (
    AttachmentRequest,
    AttachmentUpload,
    AttachmentView,
    CommentRequest,
    CommentView,
)
from tickets.downloads import send_file
from tickets.models import Ticket, TicketAttachment, TicketComment, TicketVia
from tickets.selectors.comments import attachments_for, comments_for
from tickets.services.attaching import File, attach
from tickets.services.authors import author_of
from tickets.services.commenting import add_comment
from unievp.lib.api.negotiation import AnyType
from unievp.lib.api.parsers import JSONParser
from unievp.lib.documents import MOST_BYTES
from unievp.lib.errors import InvalidError, NotFoundError

_Said = TypeVar("_Said", TicketAttachment, TicketComment)
_SCOPES: dict[str, str] = {"GET": Scope.TICKETS_READ, "POST": Scope.TICKETS_WRITE}
_RIGHTS: dict[str, Need] = {"GET": Right.VIEW, "POST": Right.OPERATE}
_DRIVERS = frozenset({"GET", "POST"})


class _Conversation(ListEndpoint[_Said]):
    """Of the ticket in the path, which `rows` and `post` find."""

    ticket: Ticket | None = None

    def get_serializer_context(self) -> dict[str, Any]:
        told = {"ticket": self.ticket, "for_driver": isinstance(self.actor, Driver)}
        return {**super().get_serializer_context(), **told}


class Comments(_Conversation[TicketComment]):
    scopes: ClassVar = _SCOPES
    rights: ClassVar = _RIGHTS
    drivers: ClassVar = _DRIVERS
    queryset = TicketComment.objects.all()
    serializer_class = CommentView
    ordering_fields = ("id",)
    ordering = ("id",)

    def rows(self, rows: QuerySet[TicketComment]) -> QuerySet[TicketComment]:
        self.ticket = find_ticket(self, self.kwargs["ticket_id"])
        return comments_for(self.ticket, self.actor)

    @extend_schema(operation_id="ticket_comment_list", responses=CommentView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """What was said, oldest first; other sides' internal notes are not among it."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="ticket_comment_add",
        request=CommentRequest,
        responses={201: CommentView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """Say something. What a driver says goes on with a ticket that waited for it, and opens
        one again that was resolved; 409 `ticket_closed` where it is closed.
        """
        self.ticket = ticket = find_ticket(self, ticket_id)
        values = validated(CommentRequest(data=request.data))

        def write() -> Answer:
            comment = add_comment(ticket, **values, actor=self.actor, via=TicketVia.API)
            return Answer(201, dict(self.get_serializer(comment).data))

        return self.once(request, write)


class Attachments(_Conversation[TicketAttachment]):
    scopes: ClassVar = _SCOPES
    rights: ClassVar = _RIGHTS
    drivers: ClassVar = _DRIVERS
    queryset = TicketAttachment.objects.all()
    serializer_class = AttachmentView
    parser_classes = (JSONParser, MultiPartParser)
    ordering_fields = ("at", "size")
    ordering = ("at", "id")

    def rows(self, rows: QuerySet[TicketAttachment]) -> QuerySet[TicketAttachment]:
        self.ticket = find_ticket(self, self.kwargs["ticket_id"])
        return attachments_for(self.ticket, self.actor)

    @extend_schema(operation_id="ticket_attachment_list", responses=AttachmentView(many=True))
    def get(self, request: Request, **path: Any) -> Response:
        """The files of the ticket and of the comments that you may read."""
        return super().get(request, **path)

    @extend_schema(
        operation_id="ticket_attachment_add",
        request={
            "application/json": AttachmentRequest,
            "multipart/form-data": AttachmentUpload,
        },
        responses={201: AttachmentView},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """Add a file, judged by its content; whoever sees the ticket may read it."""
        self.ticket = ticket = find_ticket(self, ticket_id)
        file = _file_of(request)

        def write() -> Answer:
            kept = attach(ticket, file, author=author_of(self.actor, TicketVia.API))
            return Answer(201, dict(self.get_serializer(kept).data))

        # The bytes of a form are no JSON, so `self.once` cannot compare them.
        digest = hashlib.sha256(file.content).hexdigest()
        key = request.headers.get("Idempotency-Key", "").strip()
        wanted = f"{request.path} {file.name} {digest}".encode("utf-8", "replace")
        answer = once(self.actor, key=key, request=wanted, write=write)
        headers = {"Idempotency-Replayed": "true"} if answer.replayed else {}
        return Response(answer.body, status=answer.status, headers=headers)


class AttachmentDownload(Endpoint):
    scopes: ClassVar = {"GET": Scope.TICKETS_READ}
    rights: ClassVar = {"GET": Right.VIEW}
    drivers: ClassVar = frozenset({"GET"})
    content_negotiation_class = AnyType

    @extend_schema(
        operation_id="ticket_attachment_read",
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, ticket_id: int, attachment_id: UUID) -> HttpResponseBase:
        """The file itself."""
        ticket = find_ticket(self, ticket_id)
        kept = attachments_for(ticket, self.actor).filter(pk=attachment_id).first()
        if kept is None:
            raise NotFoundError(_("There is no such file."))
        return send_file(kept, head=request.method == "HEAD")


def _file_of(request: Request) -> File:
    """Raises InvalidError for none, or one that is too large to be read at all."""
    uploaded = request.FILES.get("file")
    if uploaded is None:
        if request.content_type.startswith("multipart/"):
            raise InvalidError(_("Send a file."), field="file")
        values = validated(AttachmentRequest(data=request.data))
        return File(values["name"], values["content"], field="content")
    if (uploaded.size or 0) > MOST_BYTES:
        megabytes = MOST_BYTES // (1024 * 1024)
        raise InvalidError(_("At most %(size)d MB.") % {"size": megabytes}, field="file")
    return File(uploaded.name or "", uploaded.read())
