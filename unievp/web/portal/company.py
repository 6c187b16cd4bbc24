"""Whose business a portal page shows: the visitor's CPOs, and the one that is picked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from typing import Concatenate, ParamSpec, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
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

    @cached_property
    def managed_cpos(self) -> list[CPO]:
        """The CPOs whose team, keys and data the visitor manages."""
        return self.cpos_with(Right.MANAGE)

    def cpos_with(self, right: Right) -> list[CPO]:
        """The CPOs within reach where the visitor has `right`; no query."""
        if self.is_staff:
            return self.cpos
        return [cpo for cpo in self.cpos if right in ROLE_RIGHTS[_own_role(cpo)]]


def company_with(desk: Desk, right: Right, wanted: str = "") -> CPO:
    """The company `wanted` by its id, or the first where the visitor has `right`.

    Raises Http404 where there is none, or not that one.
    """
    companies = desk.cpos_with(right)
    chosen = [cpo for cpo in companies if str(cpo.pk) == wanted] if wanted else companies[:1]
    if not chosen:
        raise Http404
    return chosen[0]


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


View = Callable[Concatenate[HttpRequest, Desk, P], HttpResponseBase]
Page = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def portal_page(view: View[P]) -> Page[P]:
    """Call `view(request, desk, …)` for people of a company that trades or traded.

    A visitor without a company, and one whose companies all wait for verification or were
    refused, gets a page that says what to do next (403 would explain nothing).
    """
    return _page(view, _say_what_is_next)


def early_page(view: View[P]) -> Page[P]:
    """As `portal_page`, also for a company that waits: its data, its papers and its team."""
    return _page(view, _say_that_there_is_no_company)


def _page(view: View[P], instead: Callable[[HttpRequest, Desk], HttpResponse | None]) -> Page[P]:
    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        user = request.user
        if not isinstance(user, User):
            message = "login_required let an anonymous visitor pass"
            raise TypeError(message)
        desk = desk_of(user, request.GET.get("cpo", ""))
        return instead(request, desk) or view(request, desk, *args, **kwargs)

    return cast("Page[P]", login_required(answer))


def _say_that_there_is_no_company(request: HttpRequest, desk: Desk) -> HttpResponse | None:
    if desk.cpos or desk.is_staff:
        return None
    return render(request, "portal/no_company.html", {"desk": desk})


def _say_what_is_next(request: HttpRequest, desk: Desk) -> HttpResponse | None:
    if not desk.cpos or desk.is_staff or any(cpo.status not in _WAITING for cpo in desk.cpos):
        return _say_that_there_is_no_company(request, desk)
    return render(request, "portal/company_pending.html", {"desk": desk})


_WAITING = frozenset({CPOStatus.PENDING, CPOStatus.REJECTED})
