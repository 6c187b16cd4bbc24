"""Our own addresses as partners are told them: absolute, from a setting, never from Host."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

VERSION: Final = "2.2.1"


def cpo_root(version: str = VERSION) -> str:
    return f"/ocpi/cpo/{version}"


def emsp_root(version: str = VERSION) -> str:
    return f"/ocpi/emsp/{version}"


EMSP_ROOT: Final = emsp_root()


def absolute(path: str) -> str:
    return f"{settings.OCPI_PUBLIC_URL.rstrip('/')}{path}"


def versions_url() -> str:
    return absolute("/ocpi/versions")


def details_url(version: str = VERSION) -> str:
    return absolute(cpo_root(version))


def is_ours(url: str) -> bool:
    """Whether it leads to this platform: whoever calls it would talk to itself."""
    return _origin(url) == _origin(settings.OCPI_PUBLIC_URL)


def _origin(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    usual = 80 if parts.scheme == "http" else 443
    return parts.hostname, usual if port is None else port
