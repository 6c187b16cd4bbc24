"""The rules that the migration brings; tests that empty tables take them away."""

from __future__ import annotations

from importlib import import_module

from django.apps import apps


def seed_rules() -> None:
    """Again: no change."""
    import_module("tariffs.migrations.0004_rules_in_force").seed(apps, None)
