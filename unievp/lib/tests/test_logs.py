from __future__ import annotations

import logging
import sys

from hypothesis import given
from hypothesis import strategies as st

from unievp.lib.logs import LineFormatter, RefusalsInOneLine, escape


def line(message, *args, exc_info=None):
    record = logging.LogRecord("chargers.ocpp", logging.INFO, "f", 1, message, args, exc_info)
    record.created = 1_769_938_200.5
    return LineFormatter().format(record)


def test_a_line_has_time_level_logger_and_message():
    assert line("booted %s", "CP1") == "2026-02-01T09:30:00.500Z INFO chargers.ocpp booted CP1"


def test_untrusted_text_cannot_forge_a_line():
    text = line("id %s", "CP1\n2026-02-01T09:30:01.000Z INFO root paid\r\x1b[2J\u2028x\u202ey")
    assert text.splitlines() == [text]
    assert r"CP1\n2026" in text
    assert r"\r\x1b[2J\u2028x\u202ey" in text


def test_a_traceback_is_indented_and_escaped():
    try:
        raise ValueError("bad\x1b[0m\nINFO root forged")
    except ValueError as error:
        text = line("failed", exc_info=(type(error), error, error.__traceback__))
    first, *rest = text.split("\n")
    assert first.endswith("failed")
    assert rest
    assert all(part.startswith("    ") for part in rest)
    assert "\x1b" not in text


@given(st.text())
def test_escaped_text_is_one_line_without_controls(text):
    escaped = escape(text)
    assert len(escaped.splitlines()) <= 1
    assert not any(ord(character) < 32 for character in escaped)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_text_is_unchanged(text):
    assert escape(text) == text


def test_a_refusal_is_one_line_and_a_fault_keeps_its_traceback():
    def record(level):
        try:
            raise PermissionError("no")
        except PermissionError:
            return logging.LogRecord("django.request", level, "", 0, "x", (), sys.exc_info())

    refusal, fault = record(logging.WARNING), record(logging.ERROR)
    assert RefusalsInOneLine().filter(refusal)
    assert RefusalsInOneLine().filter(fault)
    assert LineFormatter().format(refusal).count("\n") == 0
    assert "PermissionError" in LineFormatter().format(fault)
