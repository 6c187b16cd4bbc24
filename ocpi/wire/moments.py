"""OCPI's DateTime: UTC always, whole seconds out; fractions and a missing Z are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SHAPE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?", re.ASCII)


def read_moment(text: str) -> datetime:
    """Aware, in UTC. Raises ValueError: also for an offset, which OCPI does not allow."""
    if not _SHAPE.fullmatch(text):
        message = f"{text!r} is no time such as 2026-02-01T09:30:00Z"
        raise ValueError(message)
    bare, _point, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(bare).replace(tzinfo=UTC)
    return moment.replace(microsecond=int(f"{fraction:0<6}"[:6])) if fraction else moment
