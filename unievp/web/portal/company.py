"""Whose business a portal page shows: the visitor's CPOs, and the one that is picked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from cpo.access import ROLE_RIGHTS, Right, cpos_of, is_platform_staff
from cpo.models import CPO, CPOStatus, Membership, User

P = ParamSpec("P")


@dataclass(frozen=True)
class Desk:
    """The visitor, the CPOs within reach, and the one chosen by `?cpo=` (None: all of them)."""

    user: User
    cpos: list[CPO]
    cpo: CPO | None

    @property
    def cpo_id(self) -> UUID | None:
        return self.cpo.pk if self.cpo else None

    @property
    def is_staff(self) -> bool:
        return is_platform_staff(self.user)

    @property
    def title(self) -> str:
        """The company's name; "" where several are shown together."""
        only = self.cpo or (self.cpos[0] if len(self.cpos) == 1 else None)
        return only.name if only else ""

    @cached_property
    def money_cpos(self) -> list[CPO]:
        """The CPOs whose wallet the visitor may see."""
        return self.cpos_with(Right.MONEY)

    def cpos_with(self, right: Right) -> list[CPO]:
        """The CPOs within reach where the visitor has `right`; no query."""
        if self.is_staff:
            return self.cpos
        return [cpo for cpo in self.cpos if right in ROLE_RIGHTS[_own_role(cpo)]]


def desk_of(user: User, wanted: str = "") -> Desk:
    """The desk of `user`; a CPO that is not theirs, or no id at all, picks nothing."""
    own = Membership.objects.filter(user=user, cpo=OuterRef("pk")).values("role")[:1]
    cpos = cast("list[CPO]", list(cpos_of(user).annotate(own_role=Subquery(own))))
    chosen = next((cpo for cpo in cpos if str(cpo.pk) == wanted), None)
    return Desk(user=user, cpos=cpos, cpo=chosen)


def _own_role(cpo: CPO) -> str:
    """What `desk_of` has read with the company."""
    role: str = cpo.own_role  # type: ignore[attr-defined]  # annotated
    return role


def portal_page(
    view: Callable[Concatenate[HttpRequest, Desk, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Call `view(request, desk, …)` for people of a company that trades or traded.

    A visitor without a company, and one whose companies all wait for verification or were
    refused, gets a page that says what to do next (403 would explain nothing).
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            message = "login_required let an anonymous visitor pass"
            raise TypeError(message)
        desk = desk_of(user, request.GET.get("cpo", ""))
        if not desk.cpos and not desk.is_staff:
            return render(request, "portal/no_company.html", {"desk": desk})
        if not desk.is_staff and all(cpo.status in _WAITING for cpo in desk.cpos):
            return render(request, "portal/company_pending.html", {"desk": desk})
        return view(request, desk, *args, **kwargs)

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", login_required(answer))


_WAITING = frozenset({CPOStatus.PENDING, CPOStatus.REJECTED})
