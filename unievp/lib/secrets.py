"""Secrets at rest, in logs and in comparisons.

What we must send again (gateway keys, bank accounts) is encrypted; what we only compare (charger
passwords, API keys) is kept as a keyed digest. Such secrets are ≥ 16 random bytes, so one HMAC is
enough: a slow password hash would turn a reconnect storm into an outage.
"""

from __future__ import annotations

import hmac
import secrets
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models
from django.db.models.lookups import Exact
from django.utils.encoding import force_bytes

if TYPE_CHECKING:
    # Generic for mypy only: at run time Django's fields take no type arguments.
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField

_BULLETS = "••••"
_SHOWN = 4
# Of a shorter secret the last four would be too large a part.
_SHORTEST_SHOWN = 12
_DIGEST_PURPOSE = b"unievp.lib.secrets.keyed_digest"


class UnreadableSecretError(Exception):
    """No key in FIELD_ENCRYPTION_KEYS opens a stored value."""


def encrypt(text: str) -> str:
    """A Fernet token made with the first key of FIELD_ENCRYPTION_KEYS."""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Open a token with whichever key made it. Raises UnreadableSecretError."""
    try:
        return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()
    except InvalidToken:
        message = (
            "A stored secret cannot be decrypted: the key it was encrypted with is missing from "
            "FIELD_ENCRYPTION_KEYS. Put the old key back behind the new one."
        )
        raise UnreadableSecretError(message) from None


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        message = "FIELD_ENCRYPTION_KEYS is empty: encrypted fields need at least one key."
        raise ImproperlyConfigured(message)
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        # The original message is dropped with its traceback: it may hold the key.
        message = "FIELD_ENCRYPTION_KEYS: every key must be 32 bytes in url-safe base64."
        raise ImproperlyConfigured(message) from None


class EncryptedTextField(TextField):
    """Plain text in Python, a Fernet token in the database; the empty string stays empty.

    A token differs each time, so a lookup by value could never match: only `isnull` and equality
    with the empty string are allowed.
    Fixtures (`dumpdata`) carry the mask.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return encrypt(text) if text else text

    def from_db_value(self, value: str | None, _expression: Any, _connection: Any) -> str | None:
        return decrypt(value) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name == "exact":
            return _IsEmpty
        if lookup_name != "isnull":
            message = f"{self.name} is encrypted: the lookup {lookup_name!r} can never match"
            raise FieldError(message)
        return super().get_lookup(lookup_name)

    def value_to_string(self, obj: models.Model) -> str:
        return mask(self.value_from_object(obj) or "")


class _IsEmpty(Exact):
    """`field=""`, which is stored as it is; any other value is refused."""

    def get_prep_lookup(self) -> Any:
        if self.rhs != "":
            message = (
                f"{self.lhs.output_field.name} is encrypted: the lookup 'exact' can never match"
            )
            raise FieldError(message)
        return ""


def mask(secret: str) -> str:
    """`••••cdef`: at most the last four characters, none of a short secret, nothing of none."""
    if not secret:
        return ""
    return _BULLETS + (secret[-_SHOWN:] if len(secret) >= _SHORTEST_SHOWN else "")


def new_token(nbytes: int = 32) -> str:
    """`nbytes` random bytes, url-safe (about 1.3 characters per byte)."""
    return secrets.token_urlsafe(nbytes)


def keyed_digest(value: bytes) -> bytes:
    """32 bytes: HMAC-SHA256 under a key derived from SECRET_KEY, so rows alone reveal nothing."""
    return _digest(value, settings.SECRET_KEY)


def matches_digest(value: bytes, digest: bytes) -> bool:
    """Whether `digest` was made from `value`, also under SECRET_KEY_FALLBACKS; constant time."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(constant_time_equal(_digest(value, key), digest) for key in keys)


def keyed_digests(value: bytes) -> list[bytes]:
    """What `value` may be stored as: under SECRET_KEY and its fallbacks. For a lookup by digest."""
    return [_digest(value, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]


def constant_time_equal(left: bytes, right: bytes) -> bool:
    return hmac.compare_digest(left, right)


def _digest(value: bytes, secret_key: str | bytes) -> bytes:
    return hmac.digest(_digest_key(secret_key), value, "sha256")


@lru_cache(maxsize=8)
def _digest_key(secret_key: str | bytes) -> bytes:
    return hmac.digest(force_bytes(secret_key), _DIGEST_PURPOSE, "sha256")
