"""The sockets of the web process."""

from __future__ import annotations

from typing import Any, cast

from django.urls import path

from unievp.web.consumers import BoardConsumer

websocket_urlpatterns = [
    # Channels routes ASGI applications through Django's `path`, whose types know only views.
    path("ws/board", cast("Any", BoardConsumer.as_asgi())),
]
