"""The web process: admin, portal, driver pages and their live sockets. Chargers: `ocpp_asgi`."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "unievp.settings")
django_application = get_asgi_application()

# After the application registry is ready: these modules import models.
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import get_resolver  # noqa: E402

from unievp.lib.memory import keep_what_is_loaded  # noqa: E402
from unievp.subscriptions import connect_subscriptions  # noqa: E402
from unievp.web.routes import websocket_urlpatterns  # noqa: E402

connect_subscriptions()

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": AllowedHostsOriginValidator(
            AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
        ),
    }
)

# Every view with all that it imports: not within the first request.
_patterns = get_resolver().url_patterns
keep_what_is_loaded()
