"""What the platform does about quirks: tells live connections, sets ping intervals."""

from chargers.services.quirks.announcing import announce_quirks
from chargers.services.quirks.pings import ask_ping_intervals

__all__ = ["announce_quirks", "ask_ping_intervals"]
