"""The demo logins (contract §1), for `load_demo` and for what `make run` prints.

Imports nothing: the launcher reads it before Django is set up.
"""

from __future__ import annotations

from typing import NamedTuple

# Public on purpose: the demo is never loaded when DEBUG is off.
SAME_FOR_ALL = "unievp-demo"

SUPERUSER = "superuser"


class Login(NamedTuple):
    username: str
    place: str  # "admin" or "portal"
    what: str


LOGINS: tuple[Login, ...] = (
    Login("admin", "admin", SUPERUSER),
    Login("finance", "admin", "approves settlements, sees everything"),
    Login("owner@nusantara.example", "portal", "owner of Nusantara Charge"),
    Login("owner@bali.example", "portal", "owner of Bali EV Hub"),
)
