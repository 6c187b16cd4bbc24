"""Who calls: the partner behind a token."""

from __future__ import annotations

from collections.abc import Sequence

from ocpi.models import InboundToken, InboundTokenKind, Partner
from unievp.lib import clock
from unievp.lib.secrets import keyed_digests


def recognise(candidates: Sequence[str]) -> tuple[Partner, InboundTokenKind, str] | None:
    """The partner, the kind of its token and the token, for the first of `candidates` that we gave.

    A keyed digest is looked up, so what the lookup's time tells is nothing about the token.
    """
    now = clock.now()
    for text in candidates:
        found = (
            InboundToken.objects.select_related("partner__cpo")
            .filter(digest__in=keyed_digests(text.encode()))
            .first()
        )
        if found is not None and (found.expires_at is None or now < found.expires_at):
            return found.partner, InboundTokenKind(found.kind), text
    return None
