"""REST framework's pages for people who are signed in: each opens, and its forms begin well."""

from __future__ import annotations

import html
import json

import pytest

from cpo.api.rights import Platform
from cpo.models import Role
from cpo.tests.factories import make_member, make_user
from unievp.devtools.permissions import permission_rows
from unievp.web.tests.api_world import make_world, operations

pytestmark = pytest.mark.django_db


def test_every_address_opens_as_a_page(client):
    world = make_world("own")
    owner, staff = make_member(world.cpo, Role.OWNER), make_user(is_staff=True)
    platforms = {row.path for row in permission_rows() if isinstance(row.need, Platform)}
    opened = 0
    for method, path in operations():
        if method == "GET":
            client.force_login(staff if path in platforms else owner)
            response = client.get(world.path(path), headers={"Accept": "text/html"})
            assert response.status_code == 200, path
            opened += response["Content-Type"].startswith("text/html")
    assert opened > 20


def test_a_form_begins_with_the_documents_example(client):
    world = make_world("own")
    client.force_login(make_member(world.cpo, Role.OWNER))
    for method, path in (("POST", "/api/chargers"), ("PATCH", "/api/chargers/{charger_id}")):
        response = client.get(world.path(path), headers={"Accept": "text/html"})
        page = html.unescape(response.content.decode())
        shown = json.dumps(operations()[method, path].example, indent=4)
        assert shown in page


def test_pages_show_nothing_from_elsewhere(client):
    world = make_world("own")
    client.force_login(make_member(world.cpo, Role.OWNER))
    page = client.get("/api/chargers", headers={"Accept": "text/html"}).content.decode()
    assert "https://" not in page
    assert "UNIEV API" in page
