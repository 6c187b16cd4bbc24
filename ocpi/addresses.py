"""Our own addresses as partners are told them: absolute, from a setting, never from Host."""

from __future__ import annotations

from typing import Final

from django.conf import settings

VERSION: Final = "2.2.1"
CPO_ROOT: Final = f"/ocpi/cpo/{VERSION}"
EMSP_ROOT: Final = f"/ocpi/emsp/{VERSION}"


def absolute(path: str) -> str:
    return f"{settings.OCPI_PUBLIC_URL.rstrip('/')}{path}"


def versions_url() -> str:
    return absolute("/ocpi/versions")


def details_url() -> str:
    return absolute(CPO_ROOT)
