"""How people sign in: closed sign-up, and the language that each person chose."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import check_for_language
from django.views.decorators.http import require_POST
from django.views.i18n import set_language as set_language_cookie

from cpo.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Companies register with the platform, and their owners invite people."""
        return False

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Speak the language that this person chose before, on whatever device."""
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language:
            _remember(response, user.language)
        return response

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing after signing in or out: the page itself shows it."""
        template = kwargs.get("message_template") or (args[2] if len(args) > 2 else "")
        if template not in _SILENT:
            super().add_message(*args, **kwargs)


_SILENT = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


@require_POST
def set_language(request: HttpRequest) -> HttpResponseBase:
    """Switch this browser's language (form field `language`), and keep it for the person."""
    language = request.POST.get("language", "")
    known = language in dict(settings.LANGUAGES) and check_for_language(language)
    if known and isinstance(request.user, User) and request.user.language != language:
        User.objects.filter(pk=request.user.pk).update(language=language)
    return set_language_cookie(request)


def _remember(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        path=settings.LANGUAGE_COOKIE_PATH,
        domain=settings.LANGUAGE_COOKIE_DOMAIN,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
