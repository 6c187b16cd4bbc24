"""A charger's file comes in, by the one-time address that it was told."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import ChargerLog, LogStatus
from chargers.states import CHARGER_LOG
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, NotFoundError
from unievp.lib.files import MeteredFile, Readable, TooLargeError, safe_name
from unievp.lib.secrets import keyed_digest

_MEGABYTE: Final = 1_000_000


def upload_limit() -> int:
    """Bytes."""
    limit: int = settings.LOG_UPLOAD_LIMIT_MB * _MEGABYTE
    return limit


def check_upload(token: str, *, announced: int | None) -> ChargerLog:
    """The log that `token` waits for.

    Raises NotFoundError for a token that is unknown, used or over, TooLargeError for an announced
    length (bytes) beyond the limit.
    """
    log = ChargerLog.objects.filter(
        token_digest=keyed_digest(token.encode()),
        received_at__isnull=True,
        expires_at__gt=clock.now(),
    ).first()
    if log is None:
        raise NotFoundError(_("No upload is expected here."))
    if announced is not None and announced > upload_limit():
        raise TooLargeError(_("The file is larger than is accepted here."))
    return log


def receive_file(log: ChargerLog, *, stream: Readable, name: str) -> ChargerLog:
    """Store what `stream` holds; `name` is the charger's and used only to show it.

    Raises TooLargeError, InvalidError for an empty file, ConflictError when the file had come
    already. Whatever is refused leaves no file behind.
    """
    content = MeteredFile(stream, limit=upload_limit())
    storage = ChargerLog._meta.get_field("file").storage
    # No part of the path comes from outside; each attempt has its own.
    wanted = f"logs/{log.charger_id}/{log.pk}-{clock.now():%Y%m%d%H%M%S%f}.bin"
    try:
        stored = storage.save(wanted, content)
    except Exception:
        storage.delete(wanted)
        raise
    try:
        return _keep(log, stored, content, name)
    except Exception:
        storage.delete(stored)
        raise


def _keep(log: ChargerLog, stored: str, content: MeteredFile, name: str) -> ChargerLog:
    if content.total == 0:
        raise InvalidError(_("The file is empty."))
    with transaction.atomic():
        locked = ChargerLog.objects.select_for_update(of=("self",)).get(pk=log.pk)
        if locked.received_at is not None:
            raise ConflictError(_("This file has come already."), code="log_received")
        if locked.status != LogStatus.UPLOADED:
            CHARGER_LOG.check(locked.status, LogStatus.UPLOADED)
        locked.status = LogStatus.UPLOADED
        locked.file.name = stored
        locked.file_name = safe_name(name or locked.promised_name, fallback="log.bin")
        locked.size = content.total
        locked.sha256 = content.sha256
        locked.received_at = clock.now()
        locked.token_digest = None
        locked.error = ""
        locked.save()
    return locked
