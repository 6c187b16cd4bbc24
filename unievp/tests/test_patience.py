"""What we stand on may vanish without a word: nothing waits for it for ever."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager

import pytest
from channels.layers import get_channel_layer
from django.conf import settings
from django.core.cache import caches
from django.db import OperationalError, connection, transaction
from redis.exceptions import RedisError

pytestmark = pytest.mark.proves("pain 60")


@contextmanager
def black_hole():
    """The port of a server that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield listener.getsockname()[1]


@pytest.mark.django_db
def test_the_database_ends_a_statement_that_takes_too_long():
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("5min",)
        cursor.execute("SET LOCAL statement_timeout = '20ms'")
        with (
            pytest.raises(OperationalError, match="statement timeout"),
            transaction.atomic(),
        ):
            cursor.execute("SELECT pg_sleep(5)")


@pytest.mark.django_db
def test_a_database_that_vanished_is_given_up_in_seconds():
    connection.ensure_connection()
    parameters = connection.connection.info.get_parameters()
    assert (parameters["connect_timeout"], parameters["tcp_user_timeout"]) == ("10", "20000")
    assert parameters["keepalives_idle"] == "15"


def test_a_cache_that_does_not_answer_is_given_up():
    with black_hole() as port:
        own = settings.CACHES["default"]
        options = {**own["OPTIONS"], "socket_timeout": 0.05}
        assert own["OPTIONS"]["socket_timeout"] == 5
        broken = type(caches["default"])(f"redis://127.0.0.1:{port}/0", {"OPTIONS": options})
        began = time.monotonic()
        with pytest.raises(RedisError):
            broken.get("anything")
        assert time.monotonic() - began < 5


async def test_the_channel_layers_sockets_notice_a_server_that_vanished():
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("patience", channel)
    await layer.group_send("patience", {"type": "hello"})
    assert (await layer.receive(channel))["type"] == "hello"
    (host,) = settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"]
    assert host["socket_connect_timeout"] == 5
    options = host["socket_keepalive_options"]
    assert options[socket.TCP_KEEPIDLE] == 15
    # Silence after we have spoken is noticed, too.
    assert options.get(getattr(socket, "TCP_USER_TIMEOUT", None), 20_000) == 20_000
    await layer.flush()
