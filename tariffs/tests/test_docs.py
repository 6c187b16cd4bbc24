"""The worked example of docs/tariffs.md is what the program does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings

from cpo.tests.api import Api
from cpo.tests.factories import make_cpo
from tariffs.models import PriceCap
from tariffs.services.regulation import vat_percent
from tariffs.tests.rules_of_law import seed_rules

pytestmark = pytest.mark.django_db

PAGE = (Path(settings.BASE_DIR) / "docs" / "tariffs.md").read_text()


def block(info):
    found = re.search(rf"^```{info}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found, info
    return found.group(1)


def test_worked_example_comes_out_as_written(client):
    seed_rules()
    api = Api(client, make_cpo())
    made = api("POST", "tariffs/templates", json.loads(block("json tariff"))).json()
    told = "\n".join(made["price_text"]["en"]["lines"]).replace("\N{NO-BREAK SPACE}", " ")
    assert told == block("text en").strip()
    session = json.loads(block("json session"))
    body = api("POST", f"tariffs/templates/{made['id']}/preview", session).json()
    lines = [[one["kind"], one["quantity"], one["amount"], one["tax"]] for one in body["lines"]]
    assert lines == json.loads(block("json lines"))
    assert (
        f"Together Rp {body['total']:,}, of which PPN {body['taxes']['VAT']:,} "
        f"and PBJT {body['taxes']['PBJT']:,}." in PAGE
    )


def test_table_of_the_law_is_what_the_migration_brings():
    seed_rules()
    at = datetime(2026, 11, 23, tzinfo=UTC)
    for cap in PriceCap.objects.in_force(at.date()):
        amount = f"{cap.amount.normalize():,f}"
        day = f"{cap.valid_from.day} {cap.valid_from:%b %Y}"
        assert re.search(rf"at most Rp {re.escape(amount)}\b.*\| {day} \|", PAGE), cap
        assert cap.rule in PAGE
    assert f"= {vat_percent(at).normalize():f} %" in PAGE
