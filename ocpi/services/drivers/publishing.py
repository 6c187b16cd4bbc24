"""Our drivers' tokens as partners see them: rendered from contracts and cards, pushed on change."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When

from chargers.models import IdToken, IdTokenStatus
from ocpi.models import (
    ContractStatus,
    OwnToken,
    Partner,
    PartyRole,
    RoamingContract,
    TokenType,
    Whitelist,
)
from ocpi.objects.tokens import token_object
from ocpi.services.pushing.marking import listeners_of, mark_for
from ocpi.wire import json
from unievp.lib import clock

# Partners ask us while we can be reached, so a block or a spent credit counts at once; while we
# cannot, the driver still charges.
WHITELIST: Final = Whitelist.ALLOWED_OFFLINE
_OPERATORS: Final = (PartyRole.CPO, PartyRole.HUB)
_PER_SWEEP: Final = 500


def refresh_contract(contract: RoamingContract, *, now: datetime | None = None) -> int:
    """Render the contract's tokens as the driver's cards are now; how many have changed."""
    now = now or clock.now()
    with transaction.atomic():
        row = (
            RoamingContract.objects.select_for_update(of=("self",))
            .select_related("driver", "party")
            .get(pk=contract.pk)
        )
        known = list(row.tokens.select_related("id_token"))
        wanted = [_app_token(row, known)]
        cards = {card.pk: card for card in _cards(row)}
        wanted += [token for token in known if token.type != TokenType.APP_USER]
        listed = {token.id_token_id for token in known}
        wanted += [
            OwnToken(contract=row, id_token=card, uid=card.token, type=TokenType.RFID)
            for pk, card in cards.items()
            if pk not in listed
        ]
        for token in wanted:
            token.contract = row
        return sum(_publish(token, cards.get(token.id_token_id or 0), now) for token in wanted)


def sweep_tokens(now: datetime | None = None) -> int:
    """Contracts with a card that came, went, expired or was blocked; how many tokens moved."""
    now = now or clock.now()
    contracts = RoamingContract.objects.filter(pk__in=_stale(now)).order_by("pk")[:_PER_SWEEP]
    return sum(refresh_contract(contract, now=now) for contract in contracts)


def push_id(token: OwnToken) -> str:
    """What the outbox calls it: uids are unique only within a type."""
    return f"{token.type}/{token.uid}"


def operators() -> QuerySet[Partner]:
    """Partners with chargers (or a hub between) that receive tokens: nobody else gets them."""
    return listeners_of("tokens").filter(cpo__isnull=True, parties__role__in=_OPERATORS).distinct()


def good_cards(now: datetime) -> Q:
    """A condition on id tokens: accepted now."""
    unexpired = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    return Q(status=IdTokenStatus.ACTIVE) & unexpired


def _cards(contract: RoamingContract) -> QuerySet[IdToken]:
    """Cards that the platform issued. A company's own card is good at its chargers alone."""
    return IdToken.objects.filter(
        driver_id=contract.driver_id, cpo__isnull=True, charger__isnull=True
    )


def _app_token(contract: RoamingContract, known: list[OwnToken]) -> OwnToken:
    found = [token for token in known if token.type == TokenType.APP_USER]
    if found:
        return found[0]
    return OwnToken(contract=contract, uid=str(contract.driver_id), type=TokenType.APP_USER)


def _publish(token: OwnToken, card: IdToken | None, now: datetime) -> bool:
    """Store and mark it where something differs. A card that is another's by now is invalid."""
    contract = token.contract
    good = contract.status == ContractStatus.ACTIVE
    if token.type != TokenType.APP_USER:
        good = good and card is not None and _is_good(card, now)
    token.valid, token.whitelist = good, WHITELIST
    if token.pk and _render(token, token.last_updated) == token.body:
        return False
    token.last_updated = now.replace(microsecond=0)
    token.body = _render(token, token.last_updated)
    token.save()
    mark_for(operators().values_list("pk", flat=True), "tokens", push_id(token))
    return True


def _is_good(card: IdToken, now: datetime) -> bool:
    unexpired = card.expires_at is None or card.expires_at > now
    return card.status == IdTokenStatus.ACTIVE and unexpired


def _render(token: OwnToken, last_updated: datetime) -> str:
    contract = token.contract
    return json.dumps(
        token_object(
            token,
            issuer=contract.party.name,
            group_id=contract.contract_id,
            language=contract.driver.language,
            last_updated=last_updated,
        )
    ).decode()


def _stale(now: datetime) -> set[int]:
    """Contracts whose published tokens differ from the cards, by two queries."""
    unlisted = IdToken.objects.filter(
        driver__roaming_contract__isnull=False,
        cpo__isnull=True,
        charger__isnull=True,
        published__isnull=True,
    ).values_list("driver__roaming_contract", flat=True)
    unexpired = Q(id_token__expires_at__isnull=True) | Q(id_token__expires_at__gt=now)
    is_good = Case(
        When(
            unexpired,
            contract__status=ContractStatus.ACTIVE,
            id_token__status=IdTokenStatus.ACTIVE,
            id_token__driver=F("contract__driver"),
            then=Value(value=True),
        ),
        default=Value(value=False),
    )
    moved = (
        OwnToken.objects.filter(type=TokenType.RFID)
        .annotate(is_good=is_good)
        .exclude(valid=F("is_good"))
        .values_list("contract_id", flat=True)
    )
    return set(unlisted[:_PER_SWEEP]) | set(moved[:_PER_SWEEP])
