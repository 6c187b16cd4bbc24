"""Admin pages are checked without a database: a new one has no table to look anything up in."""

from __future__ import annotations

from django.contrib import admin
from django.core import checks

from unievp.lib.admin.checks import permissions


def test_every_page_passes_without_a_query():
    # Without the mark `django_db` a query would be an error.
    assert [error for error in checks.run_checks() if isinstance(error, checks.Error)] == []
    assert len(admin.site._registry) > 50


def test_permissions_are_what_migrations_make():
    assert "chargers.change_charger" in permissions()
    assert "chargers.fly_charger" not in permissions()
