"""The wire log as people search it: one charger, a range of time, newest first."""

from chargers.selectors.wire.lines import WireLine, WirePage, wire_page
from chargers.selectors.wire.of_session import SessionFrames, session_frames
from chargers.selectors.wire.search import Cursor, WireSearch, search_frames

__all__ = [
    "Cursor",
    "SessionFrames",
    "WireLine",
    "WirePage",
    "WireSearch",
    "search_frames",
    "session_frames",
    "wire_page",
]
