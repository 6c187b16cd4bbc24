"""May this tag charge? The verdicts of OCPP 1.6 §7.2; ConcurrentTx only where a session starts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chargers.models import AuthorizationStatus, IdTokenStatus
from chargers.store.tokens import TokenRow, closed_chargers, find_tokens
from chargers.store.work import IdTagInfo


def judge(token: TokenRow | None, at: datetime) -> AuthorizationStatus:
    """The verdict on a presented tag; Invalid for one that nobody issued."""
    if token is None:
        return AuthorizationStatus.INVALID
    if token.status == IdTokenStatus.BLOCKED:
        return AuthorizationStatus.BLOCKED
    if token.expires_at is not None and token.expires_at <= at:
        return AuthorizationStatus.EXPIRED
    return AuthorizationStatus.ACCEPTED


def id_tag_info(token: TokenRow | None, status: str) -> IdTagInfo:
    if token is None:
        return IdTagInfo(status)
    return IdTagInfo(status, token.expires_at, token.group)


def authorize_tags(presented: Sequence[tuple[int, str]], *, at: datetime) -> list[IdTagInfo]:
    """The answer to each (charger, id tag) of a batch, in order.

    At a company that may not trade every tag is Blocked, but where somebody charges already.
    """
    tokens = find_tokens(presented)
    verdicts = [judge(token, at) for token in tokens]
    if AuthorizationStatus.ACCEPTED in verdicts:
        closed = closed_chargers(charger_pk for charger_pk, _tag in presented)
        for n, (charger_pk, _tag) in enumerate(presented):
            if charger_pk in closed and verdicts[n] == AuthorizationStatus.ACCEPTED:
                verdicts[n] = AuthorizationStatus.BLOCKED
    return [id_tag_info(token, verdict) for token, verdict in zip(tokens, verdicts, strict=True)]


def authorize(charger_pk: int, *, id_tag: str, at: datetime) -> IdTagInfo:
    """One tag at one charger, as Authorize answers it."""
    return authorize_tags([(charger_pk, id_tag)], at=at)[0]
