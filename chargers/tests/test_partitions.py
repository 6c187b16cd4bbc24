from __future__ import annotations

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def test_x():
    with connection.cursor() as c:
        c.execute("select inhrelid::regclass::text from pg_inherits order by 1")
        print(c.fetchall())
