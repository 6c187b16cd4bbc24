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
