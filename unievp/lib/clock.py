"""The one source of time. Read it once per operation and pass it on."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(tz=UTC)


def isoformat_z(moment: datetime) -> str:
    """`2026-02-01T09:30:00Z`: whole seconds (cut, not rounded), as OCPP and OCPI partners read it.

    Raises ValueError for a naive datetime: nobody can say which instant it means.
    """
    if moment.utcoffset() is None:
        message = "A naive datetime names no instant"
        raise ValueError(message)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def isoformat_ms(timestamp: float) -> str:
    """`2026-02-01T09:30:00.123Z` of seconds since 1970, for log lines."""
    moment = datetime.fromtimestamp(timestamp, tz=UTC).replace(tzinfo=None)
    return moment.isoformat(timespec="milliseconds") + "Z"
