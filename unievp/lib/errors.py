"""What a service raises when it refuses: one tree, translated once into HTTP, pages and OCPP."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


class DomainError(Exception):
    """A request that is refused for a reason its author can read.

    `detail` is written for people (translated); `field` names the input at fault; `code` is a
    stable word for programs ("charger_offline").
    """

    status: ClassVar[int] = 400
    title: ClassVar[Text] = _("Bad request")

    def __init__(self, detail: Text, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.code = code

    def __str__(self) -> str:
        return str(self.detail)

    def as_problem(self) -> dict[str, Any]:
        """The body of an `application/problem+json` answer (RFC 9457 §3).

        `type` is `about:blank` or `urn:uniev:problem:<code>`; `errors` maps field to messages.
        """
        return {
            "type": f"urn:uniev:problem:{self.code}" if self.code else "about:blank",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self.detail),
            "errors": {self.field: [str(self.detail)]} if self.field else {},
        }


class InvalidError(DomainError):
    """Malformed: a value is missing, of the wrong kind or out of range."""

    status = 400
    title = _("Invalid input")


class ForbiddenError(DomainError):
    """Known, but not theirs to do."""

    status = 403
    title = _("Forbidden")


class NotFoundError(DomainError):
    """Not there, or another tenant's: the caller cannot tell which."""

    status = 404
    title = _("Not found")


class ConflictError(DomainError):
    """The present state does not allow it; another time it might."""

    status = 409
    title = _("Conflict")


class RefusedError(DomainError):
    """Well formed, allowed, and still refused by a business rule."""

    status = 422
    title = _("Refused")
