"""The team: who is in it and as what, who is invited."""

from __future__ import annotations

from typing import Final, TypeVar

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpo.access import visible
from cpo.models import CPO, Invitation, Membership, Role
from cpo.services.invitations import invite_member, withdraw_invitation
from cpo.services.members import change_role, remove_member
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.office.common import back, office_of, page_of
from unievp.web.portal.posting import do_and_return

_VIEW: Final = "portal:team"
_MOST_PK: Final = 2**63 - 1
_Row = TypeVar("_Row", Membership, Invitation)


@require_GET
@early_page
def team(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)
    context = page_of(desk, company, "team") | {
        "members": _members(desk, company).select_related("user").order_by("user__username"),
        "invitations": _invitations(desk, company),
        "roles": Role.choices,
        "now": clock.now(),
    }
    return render(request, "portal/office/team.html", context)


@require_POST
@early_page
def invite(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)

    def act() -> None:
        invite_member(
            company,
            email=request.POST.get("email", ""),
            role=_role(request),
            actor=desk.user,
        )

    return do_and_return(
        request, act, _("Invited. The mail is on its way."), _VIEW, query=back(company)
    )


@require_POST
@early_page
def withdraw(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    company = office_of(request, desk)
    invitation = _one(_invitations(desk, company), pk)

    def act() -> None:
        withdraw_invitation(invitation, actor=desk.user)

    return do_and_return(
        request, act, _("Withdrawn. The link counts no more."), _VIEW, query=back(company)
    )


@require_POST
@early_page
def change(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """`role`: the new one; `remove`: out of the team."""
    company = office_of(request, desk)
    membership = _one(_members(desk, company).select_related("cpo", "user"), pk)

    def act() -> None:
        if "remove" in request.POST:
            remove_member(membership, actor=desk.user)
        else:
            change_role(membership, role=_role(request), actor=desk.user)

    return do_and_return(request, act, _("Changed."), _VIEW, query=back(company))


def _role(request: HttpRequest) -> Role:
    role = request.POST.get("role", "")
    if role not in Role.values:
        raise InvalidError(_("Choose a role."), field="role")
    return Role(role)


def _members(desk: Desk, company: CPO) -> QuerySet[Membership]:
    return visible(desk.user, Membership.objects.filter(cpo=company))


def _invitations(desk: Desk, company: CPO) -> QuerySet[Invitation]:
    rows = Invitation.objects.filter(cpo=company, accepted_at=None, withdrawn_at=None)
    return visible(desk.user, rows).select_related("cpo")


def _one(rows: QuerySet[_Row], pk: int) -> _Row:
    row = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if row is None:
        raise Http404
    return row
