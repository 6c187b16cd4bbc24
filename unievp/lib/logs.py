"""Log lines that untrusted text cannot forge."""

from __future__ import annotations

import logging
import re

from unievp.lib import clock

# C0 and C1 controls, DEL, the two Unicode line breaks, and the characters that reorder text.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def escape(text: str) -> str:
    r"""Control characters as `\n`, `\x1b`, `\u2028`: a record stays one line, no terminal obeys."""
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


class RefusalsInOneLine(logging.Filter):
    """A 403 or 404 is no fault of ours: Django's traceback of it only hides the real ones."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            record.exc_info = record.exc_text = None
        return True


class LineFormatter(logging.Formatter):
    """`2026-02-01T09:30:00.123Z INFO chargers.ocpp message`, a traceback escaped behind it."""

    def format(self, record: logging.LogRecord) -> str:
        """One line per record; the lines of a traceback follow, each indented and escaped."""
        head = f"{clock.isoformat_ms(record.created)} {record.levelname} {record.name} "
        lines = [head + escape(record.getMessage())]
        if record.exc_info:
            lines += self.formatException(record.exc_info).split("\n")
        if record.stack_info:
            lines += self.formatStack(record.stack_info).split("\n")
        return "\n    ".join([lines[0], *map(escape, lines[1:])])
