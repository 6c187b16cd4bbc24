"""A write that is repeated with the same `Idempotency-Key` happens once and is answered alike."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from cpo.access import Actor
from cpo.models import ApiKey, Driver, IdempotencyKey
from unievp.lib import clock
from unievp.lib.errors import InvalidError, RefusedError

KEPT_FOR: Final = timedelta(days=7)
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller gets: `body` is JSON; `replayed` when nothing was done again."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


def once(actor: Actor, *, key: str, request: bytes, write: Callable[[], Answer]) -> Answer:
    """The answer of `write`, or the kept one of the first request with this `key`.

    `request` is what must be equal: method, path and body. Without a `key` it simply writes; one
    transaction either way. Two requests at once: the second waits for the first. A write that
    raises leaves no trace, so the key is free again. Raises InvalidError for an unusable key,
    RefusedError for another request under a used one.
    """
    if not key:
        with transaction.atomic():
            return write()
    if len(key) > _LONGEST or not key.isprintable():
        raise InvalidError(
            _("An Idempotency-Key has 1 to 255 printable characters."), field="Idempotency-Key"
        )
    digest = hashlib.sha256(request).digest()
    # Callers without a name share no keys: only the very same request is a repetition.
    owner = owner_of(actor) if actor.is_authenticated else f"nobody:{digest.hex()[:32]}"
    with transaction.atomic():
        # A concurrent insert of the same key waits here for the other one's commit.
        row = IdempotencyKey(owner=owner, key=key, request_digest=digest, created_at=clock.now())
        IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
        kept = IdempotencyKey.objects.select_for_update().get(owner=owner, key=key)
        if kept.status:
            return _replay(kept, digest)
        answer = write()
        kept.status, kept.body = answer.status, answer.body
        kept.save(update_fields=["status", "body"])
    return answer


def forget_old_keys() -> int:
    """Drop what nobody repeats any more; how many."""
    old = IdempotencyKey.objects.filter(created_at__lt=clock.now() - KEPT_FOR)
    return old.delete()[0]


def owner_of(actor: Actor) -> str:
    kinds = {ApiKey: "key", Driver: "driver"}
    kind = next((name for model, name in kinds.items() if isinstance(actor, model)), "user")
    return f"{kind}:{actor.pk}"


def _replay(kept: IdempotencyKey, digest: bytes) -> Answer:
    if bytes(kept.request_digest) != digest:
        raise RefusedError(
            _("This Idempotency-Key was used for another request."),
            field="Idempotency-Key",
            code="idempotency_key_reused",
        )
    return Answer(kept.status, kept.body, replayed=True)
