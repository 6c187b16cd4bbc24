"""`Authorization: Bearer JWT`: drivers who signed in with Supabase Auth."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import APIException, AuthenticationFailed
from rest_framework.request import Request

from cpo.models import Driver
from cpo.services import supabase

_KEYWORD = b"bearer"


class SignInUnavailableError(APIException):
    """503: nothing is known about the token, so nothing is said about it."""

    status_code = 503
    default_detail = gettext_lazy("Sign-in cannot be checked now. Try again in a moment.")
    default_code = "sign_in_unavailable"


class DriverAuthentication(BaseAuthentication):
    def authenticate(self, request: Request) -> tuple[Driver, Any] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != _KEYWORD:
            return None
        if not supabase.is_configured():
            raise AuthenticationFailed(_("This platform takes no tokens of drivers."))
        try:
            token = words[1].decode("ascii") if len(words) == 2 else ""
            return supabase.driver_of_token(token), None
        except UnicodeDecodeError:
            raise AuthenticationFailed(_("This is no token.")) from None
        except supabase.TokenError as refusal:
            raise AuthenticationFailed(str(refusal)) from None
        except supabase.AuthServerDownError as failure:
            raise SignInUnavailableError from failure

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
