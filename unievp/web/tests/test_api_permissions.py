"""The permission table is whole, and docs/api.md shows the one that holds."""

from __future__ import annotations

import pytest
from rest_framework.views import APIView

from cpo.access import Right
from cpo.api.rights import rows_of
from unievp.devtools import permissions


def test_docs_show_the_table_of_today():
    page = permissions.PAGE.read_text(encoding="utf-8")
    assert permissions.with_table(page) == page, "run python -m unievp.devtools.permissions"


def test_every_endpoint_says_who_may():
    assert len(permissions.permission_rows()) > 50


def test_a_method_without_a_right_fails():
    class Half(APIView):
        rights = {"GET": Right.VIEW}

        def get(self, request): ...

        def post(self, request): ...

    with pytest.raises(TypeError, match="POST"):
        list(rows_of(Half, "/api/half"))


def test_a_right_without_a_method_fails():
    class Gone(APIView):
        rights = {"GET": Right.VIEW, "DELETE": Right.MANAGE}

        def get(self, request): ...

    with pytest.raises(TypeError, match="DELETE"):
        list(rows_of(Gone, "/api/gone"))


def test_a_view_that_declares_nothing_fails():
    def bare(request): ...

    with pytest.raises(TypeError, match="/api/bare"):
        list(rows_of(bare, "/api/bare"))
