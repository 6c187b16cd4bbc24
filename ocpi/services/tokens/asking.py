"""Real-time authorisation (OCPI 2.2.1 §12.3.1): the issuer is asked while the driver waits.

The verdict is written where every tag is judged (`IdToken`), with a short life, and what came with
it (`authorization_reference`) on the tag, for the session and its CDR. Asynchronous, bounded by
OCPI_AUTHORIZE_TIMEOUT_S; rows are read and written in short turns of the database pool.
"""

from __future__ import annotations

import time
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from chargers.models import Charger, Connector, IdToken, IdTokenStatus
from ocpi.models import (
    AuthMethod,
    InterfaceRole,
    Partner,
    PartnerEndpoint,
    PartnerStatus,
    Party,
    PartyRole,
    RoamingTag,
    Whitelist,
)
from ocpi.objects.evses import evse_uid
from ocpi.objects.locations import location_id
from ocpi.objects.tokens import read_token
from ocpi.services.calling.client import below, routing
from ocpi.services.calling.log import log_reply
from ocpi.services.calling.transport import Call, Peer, Reply, send
from ocpi.services.tokens.receiving import put_token
from ocpi.services.tokens.tags import must_ask
from ocpi.wire.codes import Code, OcpiError
from ocpi.wire.reading import Reader
from unievp.lib import clock
from unievp.lib.db import in_db

# An Authorize is followed by its StartTransaction; a partner that wants to be asked each time
# (NEVER) is asked anew after that.
_ALLOWED_FOR: Final = timedelta(minutes=15)
_NEVER_FOR: Final = timedelta(seconds=60)
# How long a process believes that nobody is to be asked at all.
_LOOK_EVERY_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Question:
    """Whom to ask and what; `tag_pk` empty for a tag that we have never heard of."""

    peer: Peer
    call: Call
    partner_pk: int
    tag_pk: int | None
    evse_uids: tuple[str, ...]


class Asker:
    """One per process. Where no partner wants to be asked, a tag costs nothing."""

    def __init__(self) -> None:
        self._anybody = False
        self._looked_at = float("-inf")

    def __call__(self, charger_pk: int, id_tag: str) -> Coroutine[Any, Any, None] | None:
        now = time.monotonic()
        if not self._anybody and now - self._looked_at < _LOOK_EVERY_S:
            return None
        return self._ask(charger_pk, id_tag)

    async def _ask(self, charger_pk: int, id_tag: str) -> None:
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._looked_at = time.monotonic()
            self._anybody = await in_db(_wants_to_be_asked)
        if self._anybody:
            await ask_issuer(charger_pk, id_tag)


async def ask_issuer(charger_pk: int, id_tag: str) -> None:
    """Ask about a tag that its partner wants to judge, and write down what was said."""
    question = await in_db(question_of, charger_pk, id_tag)
    if question is None:
        return
    reply = await send(question.peer, question.call)
    await in_db(take_answer, question, reply)


def _wants_to_be_asked() -> bool:
    partners = Partner.objects.filter(status=PartnerStatus.REGISTERED)
    asked = Q(tokens__whitelist__in=[Whitelist.NEVER, Whitelist.ALLOWED_OFFLINE])
    return partners.filter(Q(ask_about_unknown=True) | Q(realtime_by_choice=True) | asked).exists()


def question_of(charger_pk: int, id_tag: str) -> Question | None:
    """None for our own tags, for those that the list decides, and while an answer still counts."""
    charger = Charger.objects.select_related("location").filter(pk=charger_pk).first()
    tag_text = id_tag[:20].strip()
    if charger is None or not tag_text:
        return None
    known = (
        IdToken.objects.select_related("roaming__token", "roaming__partner")
        .filter(
            Q(cpo_id=charger.cpo_id) | Q(cpo__isnull=True),
            Q(charger_id=charger_pk) | Q(charger__isnull=True),
            token__iexact=tag_text,
        )
        .order_by("cpo_id")
        .first()
    )
    if known is None:
        return _about_unknown(charger, tag_text)
    tag: RoamingTag | None = getattr(known, "roaming", None)
    if tag is None or tag.token is None or not must_ask(tag.token):
        return None
    if tag.allowed_until is not None and tag.allowed_until > clock.now():
        return None
    if tag.partner.status != PartnerStatus.REGISTERED:
        return None
    return _question(tag.partner, charger, tag.uid, tag.type, (tag.country_code, tag.party_id), tag)


def take_answer(question: Question, reply: Reply) -> None:
    """The partner's word, or where it is silent what the list allows then."""
    log_reply(question.partner_pk, reply)
    tag_pk = question.tag_pk
    info = _read_info(question, reply)
    if tag_pk is None and info.allowed:
        tag_pk = _learn(question, info)
    if tag_pk is None:
        return
    with transaction.atomic():
        partner = Partner.objects.select_for_update(of=("self",), no_key=True).get(
            pk=question.partner_pk
        )
        if not partner.is_registered:
            # Paused or gone while it was asked: its drivers stay refused.
            return
        tag = RoamingTag.objects.select_for_update(of=("self",)).get(pk=tag_pk)
        token = tag.token
        if _is_unsaid(reply) and token is not None:
            offline_ok = token.valid and token.whitelist != Whitelist.NEVER
            info = _Info(allowed=offline_ok, said=Whitelist.ALLOWED_OFFLINE if offline_ok else "")
            tag.auth_method, tag.authorization_reference = AuthMethod.WHITELIST, ""
        else:
            tag.auth_method = AuthMethod.AUTH_REQUEST
            tag.authorization_reference = info.reference
        life = _NEVER_FOR if token and token.whitelist == Whitelist.NEVER else _ALLOWED_FOR
        now = clock.now()
        tag.allowed_until = now + life if info.allowed else None
        tag.save(update_fields=["auth_method", "authorization_reference", "allowed_until"])
        is_blocked = not info.allowed and info.said != "EXPIRED"
        # Not by the service of people's changes: that would tell every charger's list each time.
        IdToken.objects.filter(pk=tag.id_token_id).update(
            status=IdTokenStatus.BLOCKED if is_blocked else IdTokenStatus.ACTIVE,
            expires_at=tag.allowed_until or now,
        )


@dataclass(frozen=True, slots=True)
class _Info:
    """AuthorizationInfo, as far as we act on it."""

    allowed: bool = False
    said: str = ""
    reference: str = ""
    token: Mapping[str, Any] | None = None


def _is_unsaid(reply: Reply) -> bool:
    """Nobody has judged: no answer, one of a partner that is broken (3xxx), or of a hub that does
    not reach it (4xxx).
    """
    return reply.unreachable or (reply.code or 0) >= Code.SERVER_ERROR


def _read_info(question: Question, reply: Reply) -> _Info:
    """Anything but a clear ALLOWED for one of our EVSEs is a no."""
    if reply.error:
        return _Info()
    try:
        reader = Reader(reply.data)
        said = reader.code("allowed", 16)
        reference = reader.optional_code("authorization_reference", 36)
        places = reader.inner("location") if reader.has("location") else None
    except OcpiError:
        return _Info()
    uids = places.raw.get("evse_uids") or [] if places else []
    if not isinstance(uids, list):
        return _Info()
    named = {str(uid).lower() for uid in uids}
    here = not named or any(uid.lower() in named for uid in question.evse_uids)
    token = reader.raw.get("token")
    return _Info(
        said == "ALLOWED" and here, said, reference, token if isinstance(token, dict) else None
    )


def _about_unknown(charger: Charger, id_tag: str) -> Question | None:
    """The first partner that wants to be asked about tags that nobody sent us."""
    partner = (
        Partner.objects.filter(
            Q(cpo__isnull=True) | Q(cpo_id=charger.cpo_id),
            status=PartnerStatus.REGISTERED,
            ask_about_unknown=True,
        )
        .order_by("pk")
        .first()
    )
    party = partner.parties.order_by("pk").first() if partner else None
    if partner is None or party is None:
        return None
    owner = (party.country_code, party.party_id)
    return _question(partner, charger, id_tag, "RFID", owner, None)


def _question(
    partner: Partner,
    charger: Charger,
    uid: str,
    kind: str,
    owner: tuple[str, str],
    tag: RoamingTag | None,
) -> Question | None:
    url = (
        PartnerEndpoint.objects.filter(
            partner=partner, identifier="tokens", role=InterfaceRole.SENDER
        )
        .values_list("url", flat=True)
        .first()
    )
    ours = Party.objects.filter(cpo_id=charger.cpo_id, role=PartyRole.CPO).first()
    if url is None or ours is None:
        return None
    outlets = Connector.objects.select_related("charger").filter(charger=charger)
    uids = tuple(evse_uid(one) for one in outlets.order_by("number"))
    call = Call(
        "POST",
        f"{below(url, uid, 'authorize')}?type={kind}",
        module="tokens",
        # Without a place some partners answer 2002.
        body={"location_id": location_id(charger.location), "evse_uids": list(uids)},
        routing=routing(ours, *owner),
        timeout_s=settings.OCPI_AUTHORIZE_TIMEOUT_S,
    )
    return Question(Peer.of(partner), call, partner.pk, tag.pk if tag else None, uids)


def _learn(question: Question, info: _Info) -> int | None:
    """The tag of a token that the partner sent with its first yes."""
    partner = Partner.objects.select_related("cpo").get(pk=question.partner_pk)
    try:
        fields = read_token(Reader(info.token), partner.version)
        put_token(
            partner,
            country_code=fields.country_code,
            party_id=fields.party_id,
            uid=fields.uid,
            type_=fields.type,
            body=info.token,
            version=partner.version,
        )
    except OcpiError:
        return None
    tags = RoamingTag.objects.filter(partner=partner, uid__iexact=fields.uid, type=fields.type)
    return tags.values_list("pk", flat=True).first()
