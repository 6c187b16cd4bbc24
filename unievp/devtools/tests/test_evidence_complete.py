"""docs/ocpp.md is what the routes, the list and the marks say, and nothing lacks a test."""

from __future__ import annotations

from pathlib import Path

from unievp.devtools.evidence import page

BASE_DIR = Path(__file__).resolve().parents[3]


def test_every_requirement_has_a_test():
    assert page.missing(BASE_DIR) == []


def test_the_page_is_up_to_date():
    """After a new mark: `python -m unievp.devtools.evidence`."""
    assert (BASE_DIR / "docs" / "ocpp.md").read_text(encoding="utf-8") == page.make_page(BASE_DIR)
