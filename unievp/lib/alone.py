"""Work that at most one process does at a time, as far as the cache can tell.

It saves workers; it guards nothing. What must not happen twice is guarded in the database.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.cache import cache
from redis.exceptions import RedisError

from unievp.lib.secrets import new_token

logger = logging.getLogger(__name__)


@contextmanager
def only_one(name: str, *, seconds: int) -> Iterator[bool]:
    """Whether nobody else is at it; after `seconds` a dead holder is forgotten.

    Without the cache everybody is let in.
    """
    key, mine = f"alone:{name}".replace(" ", "-"), new_token(8)
    try:
        alone = cache.add(key, mine, seconds)
    except RedisError:
        logger.exception("Nobody knows who else does %s", name)
        yield True
        return
    try:
        yield alone
    finally:
        # The name may be another's by now.
        if alone and cache.get(key) == mine:
            cache.delete(key)
