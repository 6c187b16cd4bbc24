"""The partner's whole list: after it connected, and from time to time for what a push lost."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ocpi.models import InterfaceRole, Partner, PartnerStatus, RoamingToken
from ocpi.objects.tokens import read_token
from ocpi.services.calling.client import CallError, endpoint_of
from ocpi.services.calling.pages import pull
from ocpi.services.tokens.receiving import put_token
from ocpi.services.tokens.tags import follow_token
from ocpi.wire.codes import OcpiError
from ocpi.wire.reading import Reader
from unievp.lib import clock

logger = logging.getLogger(__name__)


def fetch_tokens(partner: Partner, *, since: datetime | None = None) -> int:
    """How many were read. Without `since` what is not listed is no longer valid.

    A token that cannot be read is logged and left out: one of them must not hold up the others.
    Raises CallError where the partner serves no tokens, or breaks off.
    """
    began = clock.now()
    url = endpoint_of(partner, "tokens", InterfaceRole.SENDER)
    listed: set[int] = set()
    count = 0
    for item in pull(partner, url, module="tokens", since=since):
        try:
            fields = read_token(Reader(item), partner.version)
            put_token(
                partner,
                country_code=fields.country_code,
                party_id=fields.party_id,
                uid=fields.uid,
                type_=fields.type,
                body=item,
                version=partner.version,
            )
        except OcpiError as error:
            logger.warning("A token of %s is left out: %s", partner, error)
        else:
            count += 1
        if since is None:
            # Listed is listed, readable or not.
            listed |= _known(partner, item)
    if since is None:
        _end_unlisted(partner, listed, began)
    return count


def _known(partner: Partner, item: Any) -> set[int]:
    named = item if isinstance(item, dict) else {}
    rows = RoamingToken.objects.filter(
        partner=partner, uid__iexact=str(named.get("uid")), type=str(named.get("type"))
    )
    return set(rows.values_list("pk", flat=True))


def _end_unlisted(partner: Partner, listed: set[int], began: datetime) -> None:
    """But for what was pushed while the list was read."""
    known = RoamingToken.objects.filter(partner=partner, valid=True, received_at__lt=began)
    gone = known.exclude(pk__in=listed)
    for token in gone.select_related("partner__cpo"):
        token.valid = False
        token.save(update_fields=["valid"])
        follow_token(token)


def issuers() -> QuerySet[Partner]:
    """Connected partners that serve a list of tokens."""
    return Partner.objects.filter(
        status=PartnerStatus.REGISTERED,
        endpoints__identifier="tokens",
        endpoints__role=InterfaceRole.SENDER,
    )


def fetch_recent(since: datetime, partner_pks: list[int] | None = None) -> int:
    """What every connected partner (or these) changed since then, for pushes that were lost; how
    many.
    """
    partners = issuers() if partner_pks is None else issuers().filter(pk__in=partner_pks)
    count = 0
    for partner in partners:
        try:
            count += fetch_tokens(partner, since=since)
        except CallError as error:
            # The others' lists are fetched all the same; the log has the answer.
            logger.info("The tokens of %s were not fetched: %s", partner, error)
    return count
