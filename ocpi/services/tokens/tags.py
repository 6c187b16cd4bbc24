"""From a partner's token to what a charger can carry, and back (OCPP: 20 characters)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from chargers.models import Charger, IdToken, IdTokenStatus
from chargers.services.id_tokens.managing import LONGEST, change_token, create_token
from ocpi.models import AuthMethod, Partner, PartnerStatus, RoamingTag, RoamingToken, Whitelist
from ocpi.objects.tokens import TokenFields, token_columns
from unievp.lib import clock
from unievp.lib.errors import ConflictError

ACTOR: Final = "ocpi"
# A driver who was sent to the charger needs some time to plug in.
COMMAND_TAG_HOURS: Final = 24
_BY_LIST: Final = (Whitelist.ALWAYS, Whitelist.ALLOWED)


def follow_token(token: RoamingToken) -> RoamingTag | None:
    """The tag of a stored token, as the token is now; None where an own card has its number.

    Who judges it decides what the charger finds without asking. A token that the partner wants to
    be asked about counts as expired until it was: so it is in no charger's own list either.
    """
    status, expires_at = IdTokenStatus.ACTIVE, None
    if must_ask(token):
        expires_at = clock.now()
    elif not token.valid:
        status = IdTokenStatus.BLOCKED
    group = _group_tag(token.partner_id, token)
    tag = RoamingTag.objects.select_related("id_token").filter(token=token).first()
    if tag is not None:
        change_token(tag.id_token, actor=ACTOR, status=status, group=group, expires_at=expires_at)
        RoamingTag.objects.filter(pk=tag.pk).update(contract_id=token.contract_id)
        return tag
    try:
        id_token = create_token(
            token.partner.cpo,
            token=_tag_text(token.uid),
            actor=ACTOR,
            status=status,
            group=group,
            expires_at=expires_at,
            label=f"{token.country_code}-{token.party_id} {token.contract_id}",
            max_concurrent=None,
            payer_reference=str(token.partner_id),
        )
    except ConflictError:
        return None
    return RoamingTag.objects.create(
        id_token=id_token, partner=token.partner, token=token, **token_columns(token)
    )


def must_ask(token: RoamingToken) -> bool:
    """Whether the partner wants to judge it itself, each time (OCPI 2.2.1 §12.4.5)."""
    by_list = token.whitelist == Whitelist.ALWAYS or (
        token.whitelist == Whitelist.ALLOWED and not token.partner.realtime_by_choice
    )
    return not by_list


def tag_for_command(
    partner: Partner,
    fields: TokenFields,
    *,
    charger: Charger,
    reference: str,
    until: datetime | None = None,
) -> RoamingTag:
    """A tag of its own for one command: good at that charger only, whatever the list says.

    The token need not be known, and is not checked (OCPI 2.2.1 §13.2). Its card is of the same
    group: what an app reserved or started, the driver's card uses and ends.
    """
    known = RoamingToken.objects.filter(
        partner=partner,
        country_code=fields.country_code,
        party_id=fields.party_id,
        uid__iexact=fields.uid,
        type=fields.type,
    ).first()
    id_token = create_token(
        charger.cpo,
        token=new_tag(),
        actor=ACTOR,
        charger=charger,
        group=_group_tag(partner.pk, known or fields),
        label=f"{fields.country_code}-{fields.party_id} {fields.contract_id}",
        expires_at=(until or clock.now()) + timedelta(hours=COMMAND_TAG_HOURS),
        max_concurrent=1,
        payer_reference=str(partner.pk),
    )
    return RoamingTag.objects.create(
        id_token=id_token,
        partner=partner,
        auth_method=AuthMethod.COMMAND,
        authorization_reference=reference,
        **token_columns(fields),
    )


def forget_unused_tags(now: datetime | None = None) -> int:
    """Tags of commands that nobody used; what a session or reservation knows stays."""
    now = now or clock.now()
    unused = IdToken.objects.filter(
        Q(expires_at__lt=now - timedelta(days=1)),
        roaming__auth_method=AuthMethod.COMMAND,
        roaming__token__isnull=True,
        sessions__isnull=True,
    )
    return unused.delete()[0]


def block_tags(partner: Partner) -> None:
    """Nobody may charge on the tokens of a partner that left or was paused."""
    for tag in RoamingTag.objects.select_related("id_token").filter(
        partner=partner, id_token__status=IdTokenStatus.ACTIVE
    ):
        change_token(tag.id_token, actor=ACTOR, status=IdTokenStatus.BLOCKED)


def restore_tags(partner: Partner) -> None:
    """As the list says, once the partner is connected again."""
    if partner.status != PartnerStatus.REGISTERED:
        return
    for token in RoamingToken.objects.select_related("partner").filter(
        partner=partner, valid=True, whitelist__in=_BY_LIST
    ):
        follow_token(token)


def new_tag() -> str:
    """20 characters that no card has."""
    return f"OC{secrets.token_hex(9)}".upper()


def _group_tag(partner_pk: int, token: RoamingToken | TokenFields) -> str:
    """20 characters for the partner's own group: drivers of one group stop each other's sessions,
    and a group of the same name may be another partner's or a company's own. A token without a
    group is one with the tags of its own commands.
    """
    group = ("group", token.group_id) if token.group_id else (token.type, token.uid)
    whose = (partner_pk, token.country_code, token.party_id, *group)
    text = "/".join(str(part).upper() for part in whose)
    return f"G{hashlib.sha256(text.encode()).hexdigest()[: LONGEST - 1]}".upper()


def _tag_text(uid: str) -> str:
    return uid if len(uid) <= LONGEST else new_tag()
