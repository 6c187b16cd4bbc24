"""Links by which somebody without an account reads a ticket and replies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from tickets.models import Ticket
from unievp.lib import clock
from unievp.lib.errors import NotFoundError, RefusedError

GOOD_FOR: Final = timedelta(days=60)
_SALT: Final = "tickets.reply"


def reply_token(ticket: Ticket) -> str:
    """Signed; for the ticket's reporter, for GOOD_FOR from now on."""
    moment = int(clock.now().timestamp() * 1000)
    return signing.dumps([ticket.pk, ticket.reporter_email, moment], salt=_SALT, compress=True)


def reply_url(ticket: Ticket) -> str:
    """The page that is mailed: `/t/<token>` (named `ticket_reply`)."""
    return f"{settings.PUBLIC_URL}/t/{reply_token(ticket)}"


def read_token(token: str) -> Ticket:
    """The ticket that a link leads to, whatever its status.

    Raises NotFoundError for a link that we did not sign, RefusedError (`link_expired`) for one that
    is too old, was taken back, or is of somebody who does not report it any more.
    """
    pk, email, moment = _loaded(token)
    rows = Ticket.objects.select_related("cpo", "charger__location", "connector")
    ticket = rows.filter(pk=pk).first()
    if ticket is None:
        raise _unknown()
    since = ticket.reply_links_since
    taken_back = since is not None and moment < int(since.timestamp() * 1000)
    if taken_back or email != ticket.reporter_email:
        raise _expired()
    return ticket


def _loaded(token: str) -> tuple[int, str, int]:
    try:
        found: Any = signing.loads(token, salt=_SALT, max_age=GOOD_FOR)
        pk, email, moment = found
    except signing.SignatureExpired:
        raise _expired() from None
    except (signing.BadSignature, ValueError, TypeError):
        raise _unknown() from None
    return pk, email, moment


def _unknown() -> NotFoundError:
    return NotFoundError(_("This link leads nowhere. Open the newest one that we mailed you."))


def _expired() -> RefusedError:
    return RefusedError(
        _("This link is not valid any more. Open the newest one that we mailed you."),
        code="link_expired",
    )
