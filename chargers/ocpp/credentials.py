"""Whether a handshake fits a security profile (white paper A00). Values only: no database."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field

from chargers.models import Charger, RefusalReason
from chargers.ocpp.listeners import ClientCertificate, Listener
from unievp.lib.secrets import matches_digest

_TLS_PROFILE = 2


@dataclass(frozen=True, slots=True)
class Credentials:
    """`user`, `password`: bytes of the Basic header, None without one."""

    user: bytes | None = None
    password: bytes | None = None
    listener: Listener = Listener.PLAIN
    certificate: ClientCertificate | None = None


@dataclass(frozen=True, slots=True)
class Fit:
    """The profile that a handshake satisfies, and whether by the password that is to come."""

    profile: int
    with_new_password: bool = False


@dataclass(frozen=True, slots=True)
class Ours:
    """Certificates of our authority among those presented: serial → charger; and revoked ones."""

    owners: dict[str, int] = field(default_factory=dict)
    revoked: Collection[str] = frozenset()


def check(charger: Charger, given: Credentials, ours: Ours) -> Fit | RefusalReason:
    """The present profile, else the one to come; one profile at a time (A00.FR.002)."""
    first = _check(charger, given, ours, charger.security_profile)
    if isinstance(first, Fit) or charger.pending_security_profile is None:
        return first
    second = _check(charger, given, ours, charger.pending_security_profile)
    # What went wrong at the right door says more than that it was the other door.
    elsewhere = (RefusalReason.PROFILE, RefusalReason.PLAIN)
    return second if isinstance(second, Fit) or first in elsewhere else first


def _check(charger: Charger, given: Credentials, ours: Ours, profile: int) -> Fit | RefusalReason:
    if profile == 0:
        return _unsecured(charger, given)
    wanted = {1: Listener.PLAIN, 2: Listener.TLS}.get(profile, Listener.MTLS)
    if given.listener != wanted:
        plain = given.listener == Listener.PLAIN
        return RefusalReason.PLAIN if plain and profile >= _TLS_PROFILE else RefusalReason.PROFILE
    if wanted == Listener.MTLS:
        return Fit(profile) if _owns(charger, given, ours) else RefusalReason.CERTIFICATE
    return _basic(charger, given, profile)


def _unsecured(charger: Charger, given: Credentials) -> Fit | RefusalReason:
    """No password is needed; one that is presented must still be right (A00 §2.3)."""
    has_none = charger.password_digest is None and charger.pending_password_digest is None
    if given.password is None or has_none:
        return Fit(0)
    return _basic(charger, given, 0)


def _basic(charger: Charger, given: Credentials, profile: int) -> Fit | RefusalReason:
    names_itself = given.user is not None and (
        given.user.decode("utf-8", "replace").casefold() == charger.identity.casefold()
    )
    if not names_itself or given.password is None:
        return RefusalReason.CREDENTIALS
    if charger.password_digest is not None and password_matches(
        given.password, bytes(charger.password_digest)
    ):
        return Fit(profile)
    if charger.pending_password_digest is not None and password_matches(
        given.password, bytes(charger.pending_password_digest)
    ):
        return Fit(profile, with_new_password=True)
    return RefusalReason.CREDENTIALS


def _owns(charger: Charger, given: Credentials, ours: Ours) -> bool:
    """A00.FR.404, A00.FR.405: the CN names the charger, the O its CPO; not revoked."""
    certificate = given.certificate
    if certificate is None or certificate.serial in ours.revoked:
        return False
    owner = ours.owners.get(certificate.serial)
    if owner is not None and owner != charger.pk:
        return False
    return names_charger(charger, certificate.common_names) and names_cpo(
        charger, certificate.organisations
    )


def names_charger(charger: Charger, common_names: Collection[str]) -> bool:
    """One of them is, or holds as a whole word, the charger's serial number or id."""
    meant = [name for name in (charger.serial_number, charger.identity) if name]
    return any(_holds(common, name) for common in common_names for name in meant)


def names_cpo(charger: Charger, organisations: Collection[str]) -> bool:
    wanted = charger.cpo.name.strip().casefold()
    return any(name.strip().casefold() == wanted for name in organisations)


def _holds(common: str, name: str) -> bool:
    """As a whole word: CP1 is not in CP10, nor in CP1-2."""
    pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
    return re.search(pattern, common, re.IGNORECASE) is not None


def password_matches(password: bytes, digest: bytes) -> bool:
    """The key as raw bytes (OCPP-J §6.2.2) or as its hex text (OCTT), whichever was stored."""
    key = password
    with suppress(ValueError):
        key = bytes.fromhex(password.decode("ascii"))
    candidates = [password, password.hex().encode(), key, key.hex().encode()]
    # All of them are compared: the time says nothing about which form it was.
    return sum(matches_digest(candidate, digest) for candidate in candidates) > 0
