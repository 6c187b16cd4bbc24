"""The company's tariffs: what each costs, where it is sold, and new prices for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cpo.access import Right, visible
from tariffs.describe import price_text
from tariffs.forms import SimplePricesForm, rules_of_form
from tariffs.models import TariffTemplate, TariffVersion
from tariffs.pricing import Snapshot, simple_tariff_of
from tariffs.selectors.versions import newest_version, version_in_force
from tariffs.services.snapshots import rules_of
from tariffs.services.templates import archive_template, publish_version
from unievp.lib import clock
from unievp.lib.errors import DomainError
from unievp.web.portal.company import Desk, portal_page
from unievp.web.portal.tariffs.editing import show_refusal, trial_of, try_rules
from unievp.web.portal.tariffs.selling import places_of

_MOST_PK: Final = 2**63 - 1
_MOST_SHOWN: Final = 200


@require_GET
@portal_page
def tariff_list(request: HttpRequest, desk: Desk) -> HttpResponse:
    rows = _templates(desk).filter(archived_at=None).select_related("cpo")
    if desk.cpo_id:
        rows = rows.filter(cpo_id=desk.cpo_id)
    rows = rows.annotate(
        chargers=Count("assignments__charger", filter=_sold_now(), distinct=True)
    ).order_by("cpo__name", "name", "pk")[:_MOST_SHOWN]
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "tariffs",
        "tariffs": _with_prices(list(rows)),
        "may_price": bool(desk.cpos_with(Right.PRICE)),
    }
    return render(request, "portal/tariffs/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@portal_page
def tariff(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """One tariff; a POST sells it at other prices from now on."""
    template = find_tariff(desk, pk)
    may_price = template.cpo in desk.cpos_with(Right.PRICE)
    form = SimplePricesForm(request.POST or None)
    if request.method == "POST":
        if not may_price:
            raise PermissionDenied
        if form.is_valid() and _publish(form, template, desk):
            messages.success(request, _("Sold at these prices from now on."))
            return redirect("portal:tariff", template.pk)
    version = version_in_force(template, clock.now()) or newest_version(template)
    rules = rules_of(version) if version else None
    simple = simple_tariff_of(rules) if rules else None
    if simple is not None and request.method != "POST":
        form = SimplePricesForm(
            initial={name: _shown(getattr(simple, name)) for name in SimplePricesForm.base_fields}
        )
    context: dict[str, Any] = {
        "desk": desk,
        "nav": "tariffs",
        "template": template,
        "version": version,
        "form": form,
        "is_simple": simple is not None,
        "trial": trial_of(form) if form.is_bound else (rules and try_rules(rules, at=clock.now())),
        "may_price": may_price and not template.is_archived,
        **places_of(desk, template),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "portal/tariffs/tariff.html", context, status=status)


@require_POST
@portal_page
def archive(request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    template = find_tariff(desk, pk)
    if template.cpo not in desk.cpos_with(Right.PRICE):
        raise PermissionDenied
    try:
        archive_template(template, actor=desk.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("portal:tariff", template.pk)
    messages.success(request, _("Archived."))
    return redirect("portal:tariffs")


def find_tariff(desk: Desk, pk: int) -> TariffTemplate:
    """Raises Http404 for another's."""
    rows = _templates(desk).select_related("cpo")
    template = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if template is None:
        raise Http404
    return template


def _templates(desk: Desk) -> QuerySet[TariffTemplate]:
    return visible(desk.user, TariffTemplate.objects.all())


def _publish(form: SimplePricesForm, template: TariffTemplate, desk: Desk) -> bool:
    rules = rules_of_form(form.cleaned_data, at=clock.now())
    try:
        publish_version(template, rules=rules, actor=desk.user)
    except DomainError as refusal:
        show_refusal(form, refusal)
        return False
    return True


def _shown(number: Decimal | int | None) -> str:
    """As people write it: 2400, not 2400.0000."""
    return "" if number is None else f"{Decimal(number).normalize():f}"


def _sold_now() -> Q:
    now = clock.now()
    begun = Q(assignments__valid_from__lte=now)
    return begun & (Q(assignments__valid_to=None) | Q(assignments__valid_to__gt=now))


def _with_prices(templates: list[TariffTemplate]) -> list[tuple[TariffTemplate, str]]:
    """Each with its prices in one line; three queries, however many."""
    versions = TariffVersion.objects.filter(template__in=templates).in_force(clock.now())
    shown = {
        version.template_id: price_text(
            Snapshot(rules_of(version)), language=get_language() or "id"
        ).short
        for version in versions.prefetch_related("elements__components")
    }
    return [(template, shown.get(template.pk, "")) for template in templates]
