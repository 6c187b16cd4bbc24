"""How a frame is shown."""

from __future__ import annotations

import json


def pretty(text: str) -> str:
    """Indented where it is JSON; as it is where it is not."""
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else ""
    except (ValueError, RecursionError):
        return text
