"""People and companies for tests."""

from __future__ import annotations

import itertools

from cpo.models import CPO, CPOStatus, Membership, Role, User
from unievp.lib import clock

_numbers = itertools.count(1)


def make_cpo(*, verified=True, **values) -> CPO:
    number = next(_numbers)
    status = CPOStatus.VERIFIED if verified else CPOStatus.PENDING
    values = {
        "name": f"Company {number}",
        "status": status,
        "verified_at": clock.now() if verified else None,
        **values,
    }
    return CPO.objects.create(**values)


def make_user(*, is_staff=False, **values) -> User:
    username = values.pop("username", f"person{next(_numbers)}")
    return User.objects.create_user(username, is_staff=is_staff, **values)


def make_member(cpo, role=Role.OWNER) -> User:
    user = make_user()
    Membership.objects.create(user=user, cpo=cpo, role=role)
    return user
