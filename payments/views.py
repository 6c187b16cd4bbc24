"""Where gateways call: no login, no CSRF, one unguessable address per configuration."""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import DatabaseError, DataError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from cpo.api.rights import Open
from payments.gateways.base import BadSignatureError
from payments.models import ProviderConfig
from payments.services import webhooks

logger = logging.getLogger(__name__)

MOST_BYTES = 64 * 1024


@csrf_exempt
@require_POST
def payment_webhook(request: HttpRequest, provider: str, slug: UUID) -> HttpResponse:
    """Store it and answer at once. 400 nonsense, 401 forged, 404 no such address, 413 too long.

    503 when the database is away: then the gateways come back, which they do less after a 500.
    """
    if int(request.headers.get("content-length") or 0) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        config = ProviderConfig.objects.filter(provider=provider, webhook_slug=slug).first()
        if config is None:
            return HttpResponse(status=404)
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhooks.receive(config, headers=headers, body=request.body)
    except BadSignatureError as error:
        logger.warning("A webhook for %s was not believed: %s", config, error)
        return HttpResponse(status=401)
    except DataError:
        # A NUL, or a number that no column holds: it would be no better the next time.
        logger.warning("A webhook for %s cannot be stored", config)
        return HttpResponse(status=400)
    except DatabaseError:
        logger.exception("A webhook could not be stored")
        return HttpResponse(status=503)
    return HttpResponse(status=200)


payment_webhook.rights = {"POST": Open.SIGNED}  # type: ignore[attr-defined]  # for the table
