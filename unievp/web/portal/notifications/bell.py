"""What a person was told: the bell's count, the list, and reading."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from cpo.models import Notification, User
from cpo.services.notifications.choosing import mark_read, times_of, unread_count
from cpo.services.notifications.timing import zone_of
from cpo.services.notifications.words import body_of, title_of
from unievp.lib import clock
from unievp.web.portal.company import Desk, early_page
from unievp.web.portal.posting import do_and_return

_PER_PAGE: Final = 25
_MOST_PK: Final = 2**63 - 1
# htmx stops asking.
_STOP_POLLING: Final = 286


@never_cache
@require_GET
def bell(request: HttpRequest) -> HttpResponse:
    """How much is unread, for the bell of an open page; a session that ended asks no more."""
    if not isinstance(request.user, User):
        return HttpResponse(status=_STOP_POLLING)
    return render(request, "portal/notifications/count.html", {"count": unread_count(request.user)})


@never_cache
@require_GET
@early_page
def notifications(request: HttpRequest, desk: Desk) -> HttpResponse:
    rows = Notification.objects.filter(user=desk.user, in_bell=True).select_related("cpo")
    page = Paginator(rows.order_by("-created_at", "-pk"), _PER_PAGE).get_page(
        request.GET.get("page")
    )
    zone = zone_of(times_of(desk.user))
    context: dict[str, Any] = {
        "desk": desk,
        "page": page,
        "rows": [(row, title_of(row, zone), body_of(row, zone)) for row in page],
        "zone": zone.key,
        "unread": unread_count(desk.user),
        # What comes while the page is read stays unread.
        "seen": clock.now().isoformat(),
    }
    return render(request, "portal/notifications/list.html", context)


@never_cache
@require_GET
@early_page
def open_one(_request: HttpRequest, desk: Desk, pk: int) -> HttpResponse:
    """Read now, and on to what it is about."""
    rows = Notification.objects.filter(user=desk.user)
    row = rows.filter(pk=pk).first() if pk <= _MOST_PK else None
    if row is None:
        raise Http404
    mark_read(desk.user, pk=row.pk)
    is_ours = url_has_allowed_host_and_scheme(row.link, allowed_hosts=None)
    return redirect(row.link if row.link and is_ours else "portal:notifications")


@require_POST
@early_page
def read_all(request: HttpRequest, desk: Desk) -> HttpResponse:
    try:
        seen = datetime.fromisoformat(request.POST.get("seen", ""))
    except ValueError:
        seen = clock.now()
    if seen.tzinfo is None:
        seen = clock.now()

    def act() -> None:
        mark_read(desk.user, up_to=seen)

    return do_and_return(request, act, _("All read."), "portal:notifications")
