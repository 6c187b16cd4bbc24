"""Who may do what by the API: declared at each endpoint, enforced and published from there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from cpo.access import ROLE_RIGHTS, Right
from cpo.models import Role


class Open(StrEnum):
    """Doors that ask for no right in a company."""

    EVERYBODY = "everybody"
    SIGNED = "signed"  # by a payment gateway, with the secret of its configuration


@dataclass(frozen=True, slots=True)
class Platform:
    """Its staff and its keys alone. `permission`: the one of Django that people need besides."""

    permission: str = ""


Need = Right | Platform | Open


class Caller(StrEnum):
    """The columns of the permission table: members of the row's company, and the others."""

    OWNER = Role.OWNER.value
    OPERATOR = Role.OPERATOR.value
    FINANCE = Role.FINANCE.value
    VIEWER = Role.VIEWER.value
    STAFF = "staff"
    SUPERUSER = "superuser"
    DRIVER = "driver"
    NOBODY = "anonymous"
    COMPANY_KEY = "key of the company"
    PLATFORM_KEY = "key of the platform"


_PLATFORMS: Final = frozenset({Caller.STAFF, Caller.SUPERUSER, Caller.PLATFORM_KEY})
_OUTSIDE: Final = frozenset({Caller.DRIVER, Caller.NOBODY})


@dataclass(frozen=True, slots=True)
class Row:
    """One method of one address; `scope` is what an API key needs, None where it needs none."""

    path: str
    method: str
    need: Need
    scope: str | None
    for_drivers: bool = False

    def allows(self, caller: Caller) -> bool:
        """Whether `caller` may do it to their own company's rows (keys: with the scope)."""
        if isinstance(self.need, Open):
            return self.need is Open.EVERYBODY and not self._closed_to(caller)
        if caller is Caller.DRIVER:
            return self.for_drivers
        if caller in _OUTSIDE:
            return False
        if isinstance(self.need, Platform):
            needs_more = caller is Caller.STAFF and bool(self.need.permission)
            return caller in _PLATFORMS and not needs_more
        if caller in _PLATFORMS or caller is Caller.COMPANY_KEY:
            return True
        return self.need in ROLE_RIGHTS[caller]

    def _closed_to(self, caller: Caller) -> bool:
        # Registering is for a company that is none yet.
        return self.method == "POST" and caller is Caller.COMPANY_KEY


def rows_of(view: Any, path: str) -> Iterator[Row]:
    """The rows of a view (a class, or a function with `rights`), one per method.

    Raises TypeError where a method declares no right, or a right has no method.
    """
    rights: Mapping[str, Need] = getattr(view, "rights", {})
    scopes: Mapping[str, str] = getattr(view, "scopes", {})
    drivers: frozenset[str] = getattr(view, "drivers", frozenset())
    methods = set(_methods_of(view, rights))
    if not methods:
        message = f"{path}: {view.__name__} says nothing of who may"
        raise TypeError(message)
    if odd := sorted(methods ^ set(rights)):
        message = f"{path}: {view.__name__}.rights and its methods differ in {', '.join(odd)}"
        raise TypeError(message)
    for method in sorted(methods, key=_ORDER.index):
        yield Row(path, method, rights[method], scopes.get(method), method in drivers)


_ORDER: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _methods_of(view: Any, rights: Mapping[str, Need]) -> Iterator[str]:
    if not isinstance(view, type):
        yield from rights
        return
    yield from (method for method in _ORDER if hasattr(view, method.lower()))
