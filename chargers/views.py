"""What chargers fetch and bring by HTTP, and the download of what they brought.

Chargers know no cookies: the random part of the address is their right to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db.models import F
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseForbidden,
)
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_safe

from chargers.models import ChargerLog, FirmwareUpdate
from chargers.selectors import maintenance
from chargers.services.firmware import links
from chargers.services.logs.receiving import check_upload, receive_file
from cpo.access import Right, has_right
from cpo.models import User
from cpo.services import audit
from unievp.lib.db import in_db
from unievp.lib.downloads import attachment
from unievp.lib.errors import DomainError
from unievp.lib.files import Readable, safe_name

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

_LONGEST_NAME_SENT: Final = 255


@csrf_exempt
@require_http_methods(["PUT", "POST"])
def upload(request: HttpRequest, token: str, name: str = "") -> HttpResponse:
    """A charger's log: PUT or POST of the bytes, or POST of a form with one file.

    201; 404 for an address that expects nothing (any more); 413 beyond LOG_UPLOAD_LIMIT_MB; 400 for
    an empty or broken upload. Chargers append the file's name to the address (§6.6: a directory).
    """
    try:
        log = check_upload(token, announced=_announced(request))
        stream, sent_name = _content(request)
        receive_file(log, stream=stream, name=name or sent_name)
    except DomainError as error:
        return _plain(str(error), error.status)
    except (OSError, MultiPartParserError, SuspiciousOperation, BadRequest):
        return _plain("The upload broke off or is no valid form.", 400)
    return _plain("Stored.", 201)


@require_safe
async def firmware(request: HttpRequest, token: str, **_name: str) -> HttpResponseBase:
    """An image for the one charger that was told this address, until its update is over."""
    update = await in_db(_find_download, token, request.method == "GET")
    if update is None:
        return _plain("Nothing is offered here.", 404)
    try:
        content = await in_db(links.open_image, update)
    except FileNotFoundError:
        return _plain("The file is gone.", 404)
    return attachment(
        content,
        name=links.download_name(update.image),
        size=content.size,
        range_header=request.headers.get("Range", ""),
        head=request.method == "HEAD",
    )


@login_required
@require_GET
async def charger_log(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file of a log, for staff and for the charger's CPO (those who may operate chargers)."""
    user = cast("User", await request.auser())
    log, allowed = await in_db(_find_log, user, pk)
    if log is None:
        raise Http404
    if not allowed:
        return HttpResponseForbidden()
    try:
        content = await in_db(log.file.storage.open, str(log.file.name), "rb")
    except FileNotFoundError:
        raise Http404 from None
    await in_db(_record_download, user, log)
    return attachment(content, name=safe_name(log.file_name, fallback="log.bin"), size=content.size)


def _find_download(token: str, counted: bool) -> FirmwareUpdate | None:  # noqa: FBT001 (in_db)
    update = links.find_download(token)
    if update is None or not update.image.file:
        return None
    if counted:
        FirmwareUpdate.objects.filter(pk=update.pk).update(downloads=F("downloads") + 1)
    return update


def _find_log(user: User, pk: UUID) -> tuple[ChargerLog | None, bool]:
    log = maintenance.find_log(user, pk)
    if log is None or not log.file:
        return None, False
    return log, has_right(user, log.charger.cpo, Right.OPERATE)


def _record_download(user: User, log: ChargerLog) -> None:
    audit.record(
        actor=user,
        action="charger_log.download",
        subject=log.charger,
        after={"log": str(log.pk), "file": log.file_name},
        cpo=log.charger.cpo,
    )


def _announced(request: HttpRequest) -> int | None:
    text = request.headers.get("Content-Length", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _content(request: HttpRequest) -> tuple[Readable, str]:
    """The bytes and the name that came with them; whatever it is called, one file of a form."""
    if request.content_type == "multipart/form-data":
        files = [cast("UploadedFile[Any]", item) for item in request.FILES.values()]
        if not files:
            message = "no file in the form"
            raise BadRequest(message)
        return cast("Readable", files[0]), (files[0].name or "")[:_LONGEST_NAME_SENT]
    return request, request.headers.get("X-File-Name", "")[:_LONGEST_NAME_SENT]


def _plain(text: str, status: int) -> HttpResponse:
    headers = {"Cache-Control": "no-store"}
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain", headers=headers)
