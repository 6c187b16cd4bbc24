"""Charging sessions: how they start, which one a message means, and how they end."""

from chargers.services.sessions.closing import close_session
from chargers.services.sessions.ending import end_without_stop
from chargers.services.sessions.starting import start_sessions
from chargers.services.sessions.stopping import stop_sessions

__all__ = ["close_session", "end_without_stop", "start_sessions", "stop_sessions"]
