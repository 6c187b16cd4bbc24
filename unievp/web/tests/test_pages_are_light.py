"""Every page of the portal and of drivers: what it weighs at first sight, how often it asks."""

from __future__ import annotations

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from e2e.walk.business import make_business
from e2e.walk.pages import DRIVER, PORTAL, STATUS

pytestmark = pytest.mark.django_db

MOST_BYTES = 300_000
MOST_QUERIES = 15
# What the browser fetches before anybody scrolls or presses: not `data-script` and the like.
FILES = re.compile(r'[ "](?:href|src)="/static/([^"#]+)')
FONTS = re.compile(r'url\("?([^")]+\.woff2)')


@cache
def weight(name: str) -> int:
    """As it is served: `collectstatic` keeps a gzipped file beside each that gets smaller."""
    found = finders.find(name)
    assert isinstance(found, str), name
    content = Path(found).read_bytes()
    return min(len(content), len(gzip.compress(content, 9, mtime=0)))


def test_pages_are_light_and_ask_little():
    business = make_business()
    owner, stranger = Client(), Client()
    owner.force_login(business.owner)
    found = {}
    for client, addresses in ((owner, PORTAL), (stranger, DRIVER)):
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                answer = client.get(address.format_map(business.ids))
            assert answer.status_code == STATUS.get(address, 200), address
            names = set(FILES.findall(answer.text))
            assert names, address
            heavy = len(gzip.compress(answer.content, 6)) + sum(map(weight, names))
            found[address] = (heavy, len(queries))
    assert {at: bytes_ for at, (bytes_, _) in found.items() if bytes_ > MOST_BYTES} == {}
    assert {at: count for at, (_, count) in found.items() if count > MOST_QUERIES} == {}
    heaviest = max(found, key=lambda at: found[at][0])
    print(f"\nheaviest: {heaviest}, {found[heaviest][0]} bytes compressed")
    busiest = max(found, key=lambda at: found[at][1])
    print(f"most queries: {busiest}, {found[busiest][1]}")


def test_fonts_of_the_style_are_preloaded_and_so_weighed():
    style = (Path(settings.BASE_DIR) / "static/uniev/uniev.css").read_text()
    page = (Path(settings.BASE_DIR) / "templates/base.html").read_text()
    assert {Path(font).name in page for font in FONTS.findall(style)} == {True}
