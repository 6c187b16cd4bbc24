"""Addresses of OCPI. A trailing slash is the same address: peers differ."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views import View

from ocpi.addresses import CPO_ROOT
from ocpi.api.credentials import Credentials
from ocpi.api.versions import VersionDetails, Versions
from ocpi.api.view import NothingHere

_CPO = CPO_ROOT.lstrip("/")


def _both(address: str, view: type[View]) -> list[URLPattern]:
    return [path(address, view.as_view()), path(f"{address}/", view.as_view())]


urlpatterns = [
    *_both("ocpi/versions", Versions),
    *_both(_CPO, VersionDetails),
    *_both(f"{_CPO}/credentials", Credentials),
    *_both("ocpi", NothingHere),
    path("ocpi/<path:rest>", NothingHere.as_view()),
]
