"""The company's own data, its papers, and where its verification stands."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cpo.access import visible
from cpo.models import CompanyDocument, CPOStatus, DocumentKind
from cpo.services.bank_accounts import change_bank_account, latest_change
from cpo.services.companies import CHANGEABLE, VERIFIED_DATA, change_company
from cpo.services.documents import Paper, add_document
from unievp.lib.documents import MOST_BYTES
from unievp.lib.errors import InvalidError
from unievp.lib.secrets import mask
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.office.common import back, office_of, page_of
from unievp.web.portal.posting import do_and_return

_VIEW: Final = "portal:company"
_COLOURS: Final[dict[str, str]] = {
    CPOStatus.VERIFIED: "green",
    CPOStatus.PENDING: "yellow",
    CPOStatus.REJECTED: "red",
    CPOStatus.SUSPENDED: "red",
}


@require_GET
@early_page
def company_data(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)
    papers = visible(desk.user, CompanyDocument.objects.filter(cpo=company))
    context: dict[str, Any] = page_of(desk, company, "company") | {
        "colour": _COLOURS[company.status],
        "is_fixed": company.status == CPOStatus.VERIFIED and not desk.is_staff,
        "papers": papers.order_by("uploaded_at"),
        "kinds": DocumentKind.choices,
        "account": mask(company.bank_account_number),
        "bank_change": latest_change(company),
    }
    return render(request, "portal/office/company.html", context)


@require_POST
@early_page
def save(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)
    names = [name for name in (*CHANGEABLE, *VERIFIED_DATA) if name in request.POST]
    changes = {name: request.POST[name].replace("\x00", "").strip() for name in names}

    def act() -> None:
        change_company(company, actor=desk.user, **changes)

    return do_and_return(request, act, _("Saved."), _VIEW, query=back(company))


@require_POST
@early_page
def save_bank_account(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)

    def act() -> None:
        change_bank_account(
            company,
            bank_code=request.POST.get("bank_code", ""),
            name=request.POST.get("bank_account_name", ""),
            number=request.POST.get("bank_account_number", ""),
            actor=desk.user,
        )

    done = _("Saved. The platform checks the account before it pays to it.")
    return do_and_return(request, act, done, _VIEW, query=back(company))


@require_POST
@early_page
def hand_in(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = office_of(request, desk)

    def act() -> None:
        file = request.FILES.get("file")
        if file is None or not file.name:
            raise InvalidError(_("Choose a file."), field="file")
        if file.size is None or file.size > MOST_BYTES:
            raise InvalidError(_("This file is too large."), field="file")
        paper = Paper(
            kind=request.POST.get("kind", ""), name=file.name, content=file.read(), field="file"
        )
        add_document(company, paper, actor=desk.user)

    return do_and_return(request, act, _("Handed in."), _VIEW, query=back(company))
