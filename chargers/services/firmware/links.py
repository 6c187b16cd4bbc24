"""The address from which a charger fetches an image; its random part is void after the update."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings

from chargers.models import OPEN_UPDATES, FirmwareImage, FirmwareUpdate
from unievp.lib.files import safe_name
from unievp.lib.secrets import keyed_digest, new_token

if TYPE_CHECKING:
    from django.core.files import File

_TOKEN_BYTES: Final = 24


def location_for(update: FirmwareUpdate) -> str:
    """The address to tell the charger; for a file of ours a new one, which voids the one before."""
    if update.image.external_url:
        update.token_digest = None
        return update.image.external_url
    token = new_token(_TOKEN_BYTES)
    update.token_digest = keyed_digest(token.encode())
    return (
        f"{settings.CHARGER_FILES_URL.rstrip('/')}/firmware/{token}/{download_name(update.image)}"
    )


def download_name(image: FirmwareImage) -> str:
    return safe_name(image.file_name, fallback="firmware.bin")


def find_download(token: str) -> FirmwareUpdate | None:
    """The update that `token` was made for, as long as it is under way."""
    digest = keyed_digest(token.encode())
    return (
        FirmwareUpdate.objects.filter(token_digest=digest, status__in=OPEN_UPDATES)
        .select_related("image", "charger")
        .first()
    )


def open_image(update: FirmwareUpdate) -> File[bytes]:
    """The image's bytes. Raises FileNotFoundError where the storage has lost them."""
    return update.image.file.storage.open(str(update.image.file.name), "rb")
