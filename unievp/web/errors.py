"""Error pages in the portal's clothes, problem documents under /api. None asks the database."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import requires_csrf_token

from unievp.lib.api.problems import is_api, problem_response

Text = str | Promise


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _page(request, 400, _("That request makes no sense"), _("Go back and try again."))


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _page(
        request,
        403,
        _("This is not yours to see"),
        _("Ask an owner of your company for the right, or sign in as someone else."),
    )


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    return _page(
        request,
        404,
        _("There is nothing here"),
        _("The page was moved, or the address has a typing error."),
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """What allauth answers to too many tries at an account, in a row or from one place."""
    return _page(
        request,
        429,
        _("That was too often"),
        _("Wait a few minutes, then try again. Nothing is lost."),
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """A form without its cookie: an old page, or a browser that keeps none."""
    return _page(
        request,
        403,
        _("Please try once more"),
        _("The page was too old, or your browser keeps no cookies. Go back, reload it, try again."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        500,
        _("Something broke on our side"),
        _("Charging goes on. Please try again in a minute."),
    )


def _page(request: HttpRequest, status: int, title: Text, advice: Text) -> HttpResponse:
    if is_api(request):
        return problem_response(status, str(advice))
    context = {"status": status, "title": title, "advice": advice}
    # Drivers get the page that a cheap phone loads quickly.
    is_driver = request.path_info.startswith("/pay/")
    template = "pay/error.html" if is_driver else "portal/error.html"
    return render(request, template, context, status=status)
