"""A scratch table outside the test transaction: `unievp.lib` commits for real, in other threads."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import override_settings

from unievp.lib import db

THREADS = 3


@pytest.fixture(scope="module")
def scratch(django_db_setup, django_db_blocker):
    """The table `lib_scratch(position, key, item)` and a database pool of three threads."""
    with django_db_blocker.unblock(), override_settings(DB_POOL_THREADS=THREADS):
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS lib_scratch")
            cursor.execute("CREATE TABLE lib_scratch (position bigserial, key int, item int)")
        yield
        db.close_pool()
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE lib_scratch")
        connection.close()
