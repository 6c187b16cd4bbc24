"""What every driver's page has in common: its headers, its throttle, its way of saying no."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from unievp.lib.throttle import Rate, client_address

P = ParamSpec("P")
Text = str | Promise

# Whole networks of phones share one address: generous to people, too slow for a search.
READING: Final = Rate("pay-read", 3000, 60)
UNKNOWN: Final = Rate("pay-unknown", 60, 60)
PAYING: Final = Rate("pay-write", 60, 60)


def driver_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Throttle by address; keep the answer out of caches, search engines and foreign logs.

    `same-origin` and not `no-referrer`: with the latter browsers hide the origin of forms, too,
    and the CSRF check would refuse them.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        rate = PAYING if request.method == "POST" else READING
        wait = rate.retry_after(client_address(request))
        response = too_many(request, wait) if wait else view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return cast("Callable[Concatenate[HttpRequest, P], HttpResponseBase]", answer)


def not_found(request: HttpRequest, title: Text, advice: Text) -> HttpResponse:
    """A friendly 404, and a brake for whoever tries one address after the other."""
    wait = UNKNOWN.retry_after(client_address(request))
    if wait:
        return too_many(request, wait)
    return say(request, 404, title, advice)


def too_many(request: HttpRequest, wait_s: int) -> HttpResponse:
    response = say(request, 429, _("One moment, please"), _("Too many requests. Try again soon."))
    response["Retry-After"] = str(wait_s)
    return response


def say(request: HttpRequest, status: int, title: Text, advice: Text) -> HttpResponse:
    context: dict[str, Any] = {"status": status, "title": title, "advice": advice}
    return render(request, "pay/error.html", context, status=status)
