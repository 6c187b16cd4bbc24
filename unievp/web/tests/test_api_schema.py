"""The REST API's schema is whole: valid, with no name left to chance."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command
from django.utils import translation

from unievp.lib.api import schema

pytestmark = pytest.mark.django_db

# Of the contract, method by method.
MONEY = {
    "/api/payments/intent": {"post"},
    "/api/payments/{payment_id}": {"get"},
    "/api/payments/{payment_id}/cancel": {"post"},
    "/api/payments/{payment_id}/refund": {"post"},
    "/api/payments/providers": {"get", "post"},
    "/api/payments/providers/{provider_id}": {"get", "patch", "delete"},
    "/api/payments/providers/{provider_id}/test": {"post"},
    "/api/cpo/{cpo_id}/wallet": {"get"},
    "/api/cpo/{cpo_id}/wallet/entries": {"get"},
    "/api/cpo/{cpo_id}/settlements": {"get"},
    "/api/cpo/{cpo_id}/settlements/request": {"post"},
    "/api/cpo/{cpo_id}/settlements/{settlement_id}/approve": {"post"},
    "/api/cpo/{cpo_id}/settlements/{settlement_id}/reject": {"post"},
    "/api/cpo/{cpo_id}/settlements/{settlement_id}/cancel": {"post"},
    "/api/client/remote-start": {"post"},
}


def test_schema_is_valid_without_a_warning_and_has_the_contracts_addresses(tmp_path):
    file = tmp_path / "schema.json"
    options = {"validate": True, "fail_on_warn": True, "format": "openapi-json"}
    call_command("spectacular", file=str(file), **options)
    paths = json.loads(file.read_text())["paths"]
    missing = {
        path: methods - paths.get(path, {}).keys()
        for path, methods in MONEY.items()
        if not methods <= paths.get(path, {}).keys()
    }
    assert missing == {}


def test_the_document_is_drawn_once_per_language_that_we_have(client, monkeypatch):
    drawings = []

    def draw(*_args, **_options):
        drawings.append(translation.get_language())
        return {"openapi": "3.1.1"}

    monkeypatch.setattr("unievp.lib.api.schema.SchemaGenerator.get_schema", draw)
    schema.drawn.cache_clear()
    try:
        for query in ("", "?lang=en", "?lang=id", "?lang=xx", "?lang=%00", "?lang=../en", ""):
            response = client.get(f"/api/schema{query}", headers={"Accept-Language": "en"})
            assert response.status_code == 200
    finally:
        schema.drawn.cache_clear()
    assert sorted(drawings) == ["en", "id"]
