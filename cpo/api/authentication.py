"""`Authorization: Api-Key KEY`; people come with their session."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from cpo.models import ApiKey
from cpo.services.api_keys import recognise

KEYWORD = "Api-Key"


class ApiKeyAuthentication(BaseAuthentication):
    """First in the list: its challenge is what a request without credentials gets."""

    def authenticate(self, request: Request) -> tuple[ApiKey, ApiKey] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != KEYWORD.lower().encode():
            return None
        try:
            text = words[1].decode("ascii") if len(words) == 2 else ""
        except UnicodeDecodeError:
            text = ""
        key = recognise(text)
        if key is None:
            raise AuthenticationFailed(_("The API key is unknown, expired or revoked."))
        return key, key

    def authenticate_header(self, request: Request) -> str:
        return f'{KEYWORD} realm="api"'
