"""The id token of one paid start."""

from __future__ import annotations

import secrets
import string
from datetime import timedelta
from typing import Final

from chargers.models import Charger, IdToken, IdTokenStatus
from payments.models import PaymentIntent
from unievp.lib import clock

# OCPP 1.6 compares tags without case; chargers are known that overrun their 20 characters.
PREFIX: Final = "PAY"
_RANDOM: Final = 13
_LETTERS: Final = string.ascii_uppercase + string.digits
# Longer than any remote start waits: a start that a charger kept in its queue is refused then.
_LIFE: Final = timedelta(hours=2)


def make_token(intent: PaymentIntent, charger: Charger) -> IdToken:
    """Unguessable, for one session, at this charger only."""
    text = PREFIX + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    token: IdToken = IdToken.objects.create(
        cpo=charger.cpo,
        charger=charger,
        token=text,
        label=str(intent),
        driver_id=intent.driver_id,
        max_concurrent=1,
        expires_at=clock.now() + _LIFE,
    )
    return token


def retire_token(token_id: int | None) -> None:
    """Nothing starts with it any more; what runs goes on."""
    if token_id is not None:
        IdToken.objects.filter(pk=token_id).update(status=IdTokenStatus.BLOCKED)
