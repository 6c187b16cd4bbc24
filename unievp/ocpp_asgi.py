"""The ocpp process: `ws://HOST:9000/{charger_id}` alone, so that no page slows a charger."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")
django.setup(set_prefix=False)

# After the application registry is ready: these modules import models.
from chargers.ocpp.asgi import (  # noqa: E402
    application,
    mtls_application,
    tls_application,
)
from unievp.subscriptions import connect_subscriptions  # noqa: E402

connect_subscriptions()

__all__ = ["application", "mtls_application", "tls_application"]
