"""Drivers of Supabase Auth: a token is checked, and its driver found or made (payments.md §9.4).

Projects with signing keys publish them (JWKS); tokens of older ones are signed with a secret that
stays with Supabase (HS256), so it is asked. What a driver may do is ours to say: nothing in the
token but its subject counts.
"""

from __future__ import annotations

import hashlib
import logging
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import httpx
import jwt
from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from cpo.models import Driver

logger = logging.getLogger(__name__)

_AUDIENCE: Final = "authenticated"
_PUBLISHED: Final = ("ES256", "RS256")
_SECRET: Final = "HS256"  # noqa: S105  (an algorithm)
_TIMEOUT_S: Final = 3
_KEYS_KEPT_S: Final = 600
# How long an answer of Supabase about one token counts.
_ASKED_KEPT_S: Final = 60
_LEEWAY_S: Final = 10
_LONGEST: Final = 8192
_REQUIRED: Final = ("exp", "sub", "aud", "iss")


class TokenError(Exception):
    """The token opens nothing; the text says why."""


class AuthServerDownError(Exception):
    """Supabase could not be asked."""


def is_configured() -> bool:
    return bool(settings.SUPABASE_URL)


def driver_of_token(token: str) -> Driver:
    """The driver whom Supabase names; made at first sight. Raises TokenError, AuthServerDownError.

    At most a few seconds: all calls have time-outs, and keys are kept.
    """
    if len(token) > _LONGEST:
        raise TokenError(_("This token is too long."))
    algorithm = _algorithm(token)
    if algorithm in _PUBLISHED:
        claims = _verified(token)
    elif algorithm == _SECRET:
        claims = _asked(token)
    else:
        raise TokenError(_("Tokens are signed with ES256, RS256 or HS256."))
    if claims.get("role") != _AUDIENCE or claims.get("is_anonymous"):
        # The project's own keys are tokens, too, and so are visitors who gave no name.
        raise TokenError(_("This is no token of a person who signed in."))
    return _driver(claims)


def _algorithm(token: str) -> str:
    try:
        return str(jwt.get_unverified_header(token).get("alg"))
    except jwt.PyJWTError:
        raise TokenError(_("This is no token.")) from None


def issuer() -> str:
    return f"{settings.SUPABASE_URL.rstrip('/')}/auth/v1"


@lru_cache(maxsize=4)
def _keys(url: str) -> jwt.PyJWKClient:
    """Kept for ten minutes, as Supabase's edge does; unknown key ids ask again, but not at once."""
    return jwt.PyJWKClient(url, cache_jwk_set=True, lifespan=_KEYS_KEPT_S, timeout=_TIMEOUT_S)


def _verified(token: str) -> dict[str, Any]:
    try:
        key = _keys(f"{issuer()}/.well-known/jwks.json").get_signing_key_from_jwt(token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=list(_PUBLISHED),
            audience=_AUDIENCE,
            issuer=issuer(),
            leeway=_LEEWAY_S,
            options={"require": list(_REQUIRED)},
        )
    except jwt.PyJWKClientConnectionError as failure:
        logger.warning("Supabase's keys are not to be had: %s", failure)
        raise AuthServerDownError from failure
    except jwt.ExpiredSignatureError:
        raise TokenError(_("This token has expired.")) from None
    except jwt.PyJWTError:
        raise TokenError(_("This token is not signed for this platform.")) from None
    return claims


def _asked(token: str) -> dict[str, Any]:
    """What Supabase itself says of a token whose secret only it has; kept for a minute."""
    name = f"supabase:{hashlib.sha256(token.encode()).hexdigest()}"
    kept: dict[str, Any] | None = cache.get(name)
    if kept is not None:
        return kept
    headers = {"apikey": settings.SUPABASE_KEY, "Authorization": f"Bearer {token}"}
    try:
        answer = httpx.get(f"{issuer()}/user", headers=headers, timeout=_TIMEOUT_S)
    except httpx.HTTPError as failure:
        logger.warning("Supabase does not answer: %s", type(failure).__name__)
        raise AuthServerDownError from failure
    if answer.status_code in (401, 403):
        raise TokenError(_("This token is not signed for this platform."))
    if answer.status_code != 200:
        logger.warning("Supabase answers %s", answer.status_code)
        raise AuthServerDownError
    claims = _claims_of_user(answer)
    cache.set(name, claims, _ASKED_KEPT_S)
    return claims


def _claims_of_user(answer: httpx.Response) -> dict[str, Any]:
    try:
        user = answer.json()
        return {
            "sub": str(user["id"]),
            "email": user.get("email") or "",
            "phone": user.get("phone") or "",
            "role": user.get("role"),
            "is_anonymous": bool(user.get("is_anonymous")),
        }
    except (ValueError, KeyError, TypeError, AttributeError) as failure:
        raise AuthServerDownError from failure


def _driver(claims: dict[str, Any]) -> Driver:
    """By the subject alone; two first requests at once make one driver (by constraint)."""
    try:
        uid = UUID(str(claims["sub"]))
    except ValueError:
        raise TokenError(_("This token names nobody.")) from None
    email, phone = (_text(claims.get(name)) for name in ("email", "phone"))
    driver, created = Driver.objects.get_or_create(
        supabase_uid=uid,
        defaults={"name": email or phone or _("Driver"), "email": email, "phone": phone[:32]},
    )
    if not created and email and driver.email != email:
        # Supabase has the last word about the address.
        Driver.objects.filter(pk=driver.pk).update(email=email)
        driver.email = email
    return driver


def _text(value: object) -> str:
    """Of a claim: one line that can be stored; "" for anything else."""
    text = value.strip() if isinstance(value, str) else ""
    return text[:120] if text.isprintable() else ""
