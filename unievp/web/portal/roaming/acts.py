"""What a company does with its partners: invite, test, send again, disconnect, open its list."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from cpo.access import Right, visible
from cpo.models import CPO
from ocpi.models import Push
from ocpi.services.open_data import publish_to_everybody
from ocpi.services.partners.inviting import invite_again, invite_partner
from ocpi.services.partners.registering import disconnect, probe
from ocpi.services.pushing.sweeping import resend, resend_dead
from unievp.lib.errors import DomainError, RefusedError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.posting import do_and_return
from unievp.web.portal.roaming.pages import company_of, partner_of, roaming_page

_LIST = "portal:roaming"
_ONE = "portal:roaming_partner"


@never_cache
@require_POST
@portal_page
def invite(request: HttpRequest, desk: Desk) -> HttpResponse:
    """The list with the new partner's token, this once; with `partner` another one for that."""
    company = company_of(request, desk, Right.MANAGE)
    try:
        if "partner" in request.POST:
            partner = partner_of(desk, company, _number(request.POST["partner"]))
            token = invite_again(partner, actor=desk.user)
        else:
            name = request.POST.get("name", "").replace("\x00", "")
            partner, token = invite_partner(name=name, cpo=company, actor=desk.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return roaming_page(request, desk, company)
    return roaming_page(request, desk, company, token=token, partner=partner.name)


@require_POST
@portal_page
def act(request: HttpRequest, desk: Desk, pk: int, name: str) -> HttpResponse:
    """`test`, `resend-given-up` (who operates), `disconnect` (who manages, and confirmed it)."""
    right = Right.MANAGE if name == "disconnect" else Right.OPERATE
    company = company_of(request, desk, right)
    partner = partner_of(desk, company, pk)

    def test() -> None:
        wrong = probe(partner)
        if wrong:
            raise RefusedError(wrong, code="partner_unreachable")

    def send_given_up() -> str:
        count = resend_dead(partner, actor=desk.user)
        said = ngettext(
            "%(count)d object is sent again.", "%(count)d objects are sent again.", count
        )
        return said % {"count": count}

    def end() -> None:
        if request.POST.get("sure") != "yes":
            raise RefusedError(_("Tick that you are sure."), field="sure")
        disconnect(partner, actor=desk.user)

    acts: dict[str, tuple[Callable[[], str | None], str]] = {
        "test": (test, _("The partner answers and knows us.")),
        "resend-given-up": (send_given_up, ""),
        "disconnect": (end, _("Disconnected.")),
    }
    if name not in acts:
        raise Http404
    run, done = acts[name]
    return do_and_return(request, run, done, _ONE, pk, query={"cpo": company.pk})


@require_POST
@portal_page
def send_again(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One push, by its number."""
    company = company_of(request, desk, Right.OPERATE)
    partner = partner_of(desk, company, pk)
    pushes = visible(desk.user, Push.objects.filter(partner=partner))
    push = pushes.filter(pk=_number(request.POST.get("push", ""))).first()
    if push is None:
        raise Http404

    def run() -> None:
        resend(push, actor=desk.user)

    query = {"cpo": company.pk}
    return do_and_return(request, run, _("It is sent again."), _ONE, pk, query=query)


@require_POST
@portal_page
def open_data(request: HttpRequest, desk: Desk) -> HttpResponse:
    company = company_of(request, desk, Right.MANAGE)
    wanted = request.POST.get("wanted") == "yes"

    def run() -> None:
        publish_to_everybody(company, wanted=wanted, actor=desk.user)

    done = _("Everybody may read it now.") if wanted else _("Nobody else reads it any more.")
    return do_and_return(request, run, done, _LIST, query=_of(company))


def _of(company: CPO) -> dict[str, object]:
    return {"cpo": company.pk}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
