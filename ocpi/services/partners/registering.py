"""The credentials handshake, in both directions (OCPI 2.2.1 §7.1).

The other side is called in the middle of it, and may call us back meanwhile: no transaction is
open then, and what was read before is checked again under the lock afterwards.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cpo.models import User
from cpo.services import audit
from ocpi.addresses import VERSION, is_ours
from ocpi.models import InboundToken, InboundTokenKind, Partner, PartnerStatus
from ocpi.objects.editions import VERSIONS
from ocpi.services.calling.client import (
    Call,
    CallError,
    Peer,
    call,
    call_partner,
    endpoint_of,
    try_call,
)
from ocpi.services.partners.connecting import (
    connect,
    forget_connection,
    locked,
    retire_tokens,
)
from ocpi.services.partners.credentials import Credentials, our_credentials, read_credentials
from ocpi.services.partners.discovery import Offer, discover
from ocpi.services.partners.inviting import issue_token
from ocpi.services.tokens.tags import block_tags, restore_tags
from ocpi.wire.codes import Code, OcpiError, invalid
from ocpi.wire.tokens import is_token
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

_ON_LINE = (PartnerStatus.REGISTERED, PartnerStatus.SUSPENDED)


def accept_credentials(
    partner: Partner, body: Any, *, renews: bool, version: str = VERSION
) -> dict[str, Any]:
    """POST (a partner registers) or PUT (`renews`): call back, store, answer with our credentials.

    From then on both speak `version`, which the called address is of.

    Raises OcpiError: 405 in the wrong state, 2001 for content, 3001 to 3003 for the callback.
    """
    _check_state(partner, renews=renews)
    credentials = read_credentials(body)
    if is_ours(credentials.url):
        raise invalid("url: this is our own address")
    peer = Peer.of(partner, token=credentials.token)
    offer = discover(peer, credentials.url, [version])
    with transaction.atomic():
        row = locked(partner)
        _check_state(row, renews=renews)
        retire_tokens(row)
        token = issue_token(row, InboundTokenKind.ACCESS)
        connect(row, credentials, offer, actor=f"ocpi: {row.name}"[:150])
        return our_credentials(row, token, version)


def remove_credentials(partner: Partner) -> None:
    """DELETE: the partner leaves. Raises OcpiError 405 where it is not registered."""
    _check_state(partner, renews=True)
    with transaction.atomic():
        row = locked(partner)
        _check_state(row, renews=True)
        forget_connection(row, actor=f"ocpi: {row.name}"[:150], reason=_("The partner left."))


def register_with(partner: Partner, *, versions_url: str, token: str, actor: User | str) -> Partner:
    """We register with them, by the `token` and address that they gave us out of band.

    Raises ConflictError (connected already), InvalidError (no token), RefusedError that says what
    went wrong; then nothing of the try is left but the log.
    """
    if partner.status in _ON_LINE:
        raise ConflictError(_("This partner is connected already."), code="partner_connected")
    token = token.strip()
    if not is_token(token):
        detail = _("A token has at most 64 characters, letters, digits and signs without spaces.")
        raise InvalidError(detail, field="token")
    if is_ours(versions_url):
        raise InvalidError(_("This is our own address."), field="versions_url")
    return _exchange(partner, "POST", versions_url=versions_url, token=token, actor=actor)


def renew_credentials(partner: Partner, *, actor: User | str) -> Partner:
    """New tokens both ways (PUT). Raises ConflictError (not connected), RefusedError."""
    if partner.status not in _ON_LINE:
        raise ConflictError(_("This partner is not connected."), code="partner_not_connected")
    return _exchange(
        partner, "PUT", versions_url=partner.versions_url, token=partner.token, actor=actor
    )


def disconnect(partner: Partner, *, actor: User | str) -> Partner:
    """Tell the partner that it is over (DELETE), and end it whether it answers or not."""
    if partner.status in _ON_LINE:
        try:
            url = endpoint_of(partner, "credentials")
        except CallError:
            url = ""
        if url:
            try_call(Peer.of(partner), Call("DELETE", url, module="credentials"))
    with transaction.atomic():
        row = locked(partner)
        forget_connection(row, actor=actor, reason=_("Disconnected by us."))
    return row


def suspend(partner: Partner, *, actor: User | str) -> Partner:
    """Nothing is sent and nothing is answered until it is resumed; the tokens stay."""
    return _switch(partner, PartnerStatus.SUSPENDED, "ocpi_partner.suspend", actor)


def resume(partner: Partner, *, actor: User | str) -> Partner:
    return _switch(partner, PartnerStatus.REGISTERED, "ocpi_partner.resume", actor)


def probe(partner: Partner) -> str:
    """Ask for the partner's versions with our token. "" when all is well, else what went wrong."""
    request = Call("GET", partner.versions_url, module="versions")
    try:
        call_partner(partner, request)
    except CallError as error:
        return str(error)
    return ""


def _exchange(
    partner: Partner, method: str, *, versions_url: str, token: str, actor: User | str
) -> Partner:
    peer, renews = Peer.of(partner, token=token), method == "PUT"
    try:
        # New tokens are no new version: who is connected stays with the one that it speaks.
        offer = discover(peer, versions_url, [partner.version] if renews else VERSIONS)
        url = offer.url_of("credentials") or ""
        body = our_credentials(partner, "", offer.version)
        body["token"], row_id = _callback_token(partner, renews=renews)
        try:
            reply = call(peer, Call(method, url, module="credentials", body=body))
            credentials = read_credentials(reply.data)
            offer = _offer_now(partner, credentials, offer, renews=renews)
            return _settle(partner, credentials, offer, row_id, actor)
        except BaseException as error:
            if not (renews and _may_know(error)):
                InboundToken.objects.filter(pk=row_id).delete()
            raise
    except (CallError, OcpiError) as error:
        raise RefusedError(str(error), code="partner_refused") from error


def _callback_token(partner: Partner, *, renews: bool) -> tuple[str, int]:
    """Good for versions and credentials at once: they call back before they answer. Who is
    connected may go on with it, whatever becomes of us meanwhile.
    """
    kind = InboundTokenKind.ACCESS if renews else InboundTokenKind.REGISTRATION
    with transaction.atomic():
        token = issue_token(partner, kind)
        newest = InboundToken.objects.filter(partner=partner).latest("pk")
    return token, newest.pk


def _offer_now(partner: Partner, credentials: Credentials, offer: Offer, *, renews: bool) -> Offer:
    """They may be served elsewhere now: read with the new token, which proves it as well."""
    try:
        theirs = Peer.of(partner, token=credentials.token)
        return discover(theirs, credentials.url, [offer.version])
    except OcpiError:
        if not renews:
            raise
        # The tokens are renewed whatever else fails: the old ones are dead by now.
        return offer


def _may_know(error: BaseException) -> bool:
    """Whether the partner may have taken our new token although we saw no good answer."""
    refused = isinstance(error, CallError) and (
        error.code is not None or 400 <= (error.http_status or 0) < 500
    )
    return not refused


def _settle(
    partner: Partner,
    credentials: Credentials,
    offer: Offer,
    token_pk: int,
    actor: User | str,
) -> Partner:
    """`partner` as it was when we began."""
    with transaction.atomic():
        row = locked(partner)
        if (row.status in _ON_LINE) != (partner.status in _ON_LINE):
            raise ConflictError(_("Somebody else did that meanwhile."), code="partner_changed")
        # Ours must live on: the others of this partner are retired.
        InboundToken.objects.filter(pk=token_pk).update(kind=InboundTokenKind.ACCESS)
        retire_tokens(row, but=token_pk)
        connect(row, credentials, offer, actor=actor)
    return row


def _switch(partner: Partner, status: PartnerStatus, action: str, actor: User | str) -> Partner:
    with transaction.atomic():
        row = locked(partner)
        if row.status not in _ON_LINE or row.status == status:
            raise ConflictError(_("This partner is not in a state for that."))
        before = row.status
        row.status = status
        row.save(update_fields=["status"])
        if status == PartnerStatus.SUSPENDED:
            block_tags(row)
        else:
            restore_tags(row)
        audit.record(
            actor=actor,
            action=action,
            subject=row,
            before={"status": before},
            after={"status": str(status)},
            cpo=row.cpo,
        )
    return row


def _check_state(partner: Partner, *, renews: bool) -> None:
    connected = partner.status in _ON_LINE
    if connected and not renews:
        message = "You are registered; PUT renews your credentials"
    elif renews and not connected:
        message = "You are not registered; POST registers you"
    else:
        return
    raise OcpiError(Code.CLIENT_ERROR, message, http=405)
