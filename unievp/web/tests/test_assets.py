"""The page assets: built from the lock file, hashed for production, nothing from elsewhere."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.test import override_settings

BASE_DIR = Path(settings.BASE_DIR)
PRODUCTION = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}
# First load of the board, compressed: the page's own HTML comes on top.
FIRST_LOAD = [
    "vendor/tabler.min.css",
    "vendor/tabler.min.js",
    "vendor/htmx.min.js",
    "vendor/icons.svg",
    "uniev/uniev.css",
    "uniev/theme.js",
    "uniev/board.js",
    "uniev/favicon.svg",
]


def test_lock_file_names_no_host():
    lock = json.loads((BASE_DIR / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)


def test_every_icon_that_a_template_shows_is_in_the_sprite():
    sprite = (BASE_DIR / "static/vendor/icons.svg").read_text()
    shown = set()
    for path in (BASE_DIR / "templates").rglob("*.html"):
        shown |= set(re.findall(r"""{% icon "([^"]+)" |icon_name="([^"]+)\"""", path.read_text()))
    names = {name for pair in shown for name in pair if name}
    assert names
    assert {name for name in names if f'<symbol id="{name}"' not in sprite} == set()


def test_first_load_is_light():
    size = sum(
        len(gzip.compress((BASE_DIR / "static" / name).read_bytes(), 6)) for name in FIRST_LOAD
    )
    font = (BASE_DIR / "static/vendor/inter-latin-wght-normal.woff2").stat().st_size
    assert size + font < 290_000


@pytest.mark.timeout(180)
def test_production_serves_hashed_names(tmp_path):
    # Only our own folder: the admin's and the libraries' files are not ours to prove.
    finders = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    with override_settings(STORAGES=PRODUCTION, STATIC_ROOT=tmp_path, STATICFILES_FINDERS=finders):
        call_command("collectstatic", verbosity=0, interactive=False)
        manifest = json.loads((tmp_path / "staticfiles.json").read_text())["paths"]
        for name in ("uniev/uniev.css", "vendor/icons.svg", "vendor/tabler.min.css"):
            assert re.search(r"\.[0-9a-f]{12}\.", manifest[name])
        css = (tmp_path / manifest["uniev/uniev.css"]).read_text()
    assert re.search(r"inter-latin-wght-normal\.[0-9a-f]{12}\.woff2", css)
    assert staticfiles_storage.url("uniev/uniev.css").startswith("/static/")
