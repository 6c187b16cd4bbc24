"""Images as staff add and retire them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import FirmwareImage
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.files import MeteredFile, safe_name

if TYPE_CHECKING:
    from django.core.files import File

_LARGEST: Final = 4_000_000_000


def store_image(image: FirmwareImage, *, upload: File[bytes] | None, actor: User | str) -> None:
    """Save a new image; `upload` is its file, unless it lies at an outside address.

    Raises InvalidError for an empty file, TooLargeError beyond 4 GB.
    """
    if upload is not None:
        content = MeteredFile(upload, limit=_LARGEST)
        image.file_name = safe_name(upload.name or "", fallback="firmware.bin")
        image.file.save("firmware.bin", content, save=False)
        image.size, image.sha256 = content.total, content.sha256
        if content.total == 0:
            image.file.delete(save=False)
            raise InvalidError(_("The file is empty."), field="file")
    try:
        with transaction.atomic():
            image.save(force_insert=True)
            _record(image, "add", actor)
    except Exception:
        if upload is not None:
            image.file.delete(save=False)
        raise


def retire_image(image: FirmwareImage, *, actor: User | str) -> FirmwareImage:
    """No new campaign or update may use it. Raises ConflictError when it is retired already."""
    with transaction.atomic():
        locked = FirmwareImage.objects.select_for_update(of=("self",)).get(pk=image.pk)
        if locked.retired_at is not None:
            raise ConflictError(_("This image is retired."), code="image_retired")
        locked.retired_at = clock.now()
        locked.save(update_fields=["retired_at"])
        _record(locked, "retire", actor)
    return locked


def _record(image: FirmwareImage, verb: str, actor: User | str) -> None:
    audit.record(
        actor=actor,
        action=f"firmware_image.{verb}",
        subject=image,
        after={"version": image.version, "sha256": image.sha256, "url": image.external_url},
        cpo=image.cpo,
    )
