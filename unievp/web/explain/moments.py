"""The timeline: frames, and what became of them, merged by time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from chargers.models import (
    Command,
    ConnectionLog,
    ConnectorStatusChange,
    MeterReading,
    SessionStatusChange,
)
from chargers.selectors.wire.of_session import Exchange
from unievp.lib.money import format_money
from unievp.web.explain.story import Story
from unievp.web.frames import pretty

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Moment:
    """One line. `kind` picks its colour: in, out, state, link, money; `details`: what it caused.

    `request` and `response` are the frame as it is stored, indented; "" where there is none.
    """

    at: datetime
    kind: str
    title: str
    details: tuple[str, ...] = ()
    request: str = ""
    response: str = ""
    latency_ms: str = ""
    outcome: str = ""
    order: int = field(default=0, compare=False)


def moments(story: Story) -> list[Moment]:
    """In the order of our own clock: what the charger's clock says is inside the frames."""
    commands = {command.message_id: command for command in _commands(story)}
    exchanges = story.frames.exchanges
    received = {exchange.frame.at for exchange in exchanges}
    seen_ids = {exchange.frame.message_id for exchange in exchanges}
    lines = list(_frames(story, exchanges, commands))
    lines += _unsent(command for key, command in commands.items() if key not in seen_ids)
    lines += _session_changes(story)
    lines += _connector_changes(story, received)
    lines += _connections(story)
    lines += _money(story)
    lines.sort(key=lambda line: (line.at, line.order))
    return lines


def _frames(
    story: Story, exchanges: Iterable[Exchange], commands: dict[str, Command]
) -> Iterable[Moment]:
    readings: defaultdict[datetime, list[MeterReading]] = defaultdict(list)
    for item in story.readings.listed:
        readings[item.reading.received_at].append(item.reading)
    for exchange in exchanges:
        frame = exchange.frame
        command = commands.get(frame.message_id)
        details = list(_effects(exchange))
        details += [_measured(reading) for reading in readings[frame.at]]
        if command is not None:
            details.append(_("asked by %(who)s") % {"who": command.requested_label})
        yield Moment(
            at=frame.at,
            kind=frame.direction,
            title=frame.action,
            details=tuple(details),
            request=pretty(frame.request),
            response=pretty(frame.response),
            latency_ms="" if frame.latency_us is None else f"{frame.latency_us / 1000:.0f} ms",
            outcome="" if frame.outcome == "result" else frame.outcome or _("open"),
        )


def _effects(exchange: Exchange) -> Iterable[str]:
    """What the message said and how it was answered, in a few words."""
    payload, answer = exchange.payload, exchange.answer
    said = {name: payload.get(name) for name in ("connectorId", "idTag", "status", "reason")}
    words = {
        "connectorId": _("connector %(value)s"),
        "idTag": _("tag %(value)s"),
        "status": "%(value)s",
        "reason": _("because: %(value)s"),
    }
    yield from (words[name] % {"value": value} for name, value in said.items() if _plain(value))
    for name in ("meterStart", "meterStop"):
        if _plain(payload.get(name)):
            yield _("meter %(value)s Wh") % {"value": payload[name]}
    if payload.get("errorCode") not in (None, "", "NoError"):
        yield _("error %(value)s") % {"value": payload["errorCode"]}
    info = answer.get("idTagInfo")
    verdict = info.get("status") if isinstance(info, dict) else answer.get("status")
    if _plain(verdict):
        yield _("answered: %(value)s") % {"value": verdict}
    if exchange.frame.action == "StartTransaction" and _plain(answer.get("transactionId")):
        yield _("became session #%(number)s") % {"number": answer["transactionId"]}


def _plain(value: Any) -> bool:
    return isinstance(value, str | int) and value != ""


def _measured(reading: MeterReading) -> str:
    parts = [
        f"{reading.energy_wh} Wh" if reading.energy_wh is not None else "",
        f"{reading.power_w} W" if reading.power_w is not None else "",
        f"{reading.soc_percent} %" if reading.soc_percent is not None else "",
        *(str(word) for word in reading.adjustments or ()),
    ]
    return _("reading: %(values)s") % {"values": " · ".join(part for part in parts if part) or "-"}


def _commands(story: Story) -> list[Command]:
    number, transaction = story.session.connector.number, story.session.transaction_id
    about = (
        Q(payload__transactionId=transaction)
        | Q(payload__connectorId=number)
        | Q(action="RemoteStartTransaction", payload__idTag=story.session.id_tag)
    )
    rows = Command.objects.filter(
        about,
        charger_id=story.session.charger_id,
        created_at__gte=story.frames.since,
        created_at__lt=story.frames.until,
    )
    return list(rows.order_by("created_at")[:_MOST])


def _unsent(commands: Iterable[Command]) -> list[Moment]:
    """Commands without a frame: never sent, or older than the wire log is kept."""
    return [
        Moment(
            at=command.created_at,
            kind="out",
            title=command.action,
            details=tuple(
                part
                for part in (
                    str(command.get_status_display()),
                    command.response_status,
                    command.error,
                    _("asked by %(who)s") % {"who": command.requested_label},
                )
                if part
            ),
        )
        for command in commands
    ]


def _session_changes(story: Story) -> list[Moment]:
    rows = SessionStatusChange.objects.filter(session=story.session).order_by("at", "id")[:_MOST]
    return [
        Moment(
            at=row.at,
            kind="state",
            title=_("Session: %(status)s") % {"status": row.get_status_display()},
            details=(row.reason,) if row.reason else (),
            order=1,
        )
        for row in rows
    ]


def _connector_changes(story: Story, received: set[datetime]) -> list[Moment]:
    """Statuses whose frames are not shown; of the others the frame itself tells."""
    rows = ConnectorStatusChange.objects.filter(
        charger_id=story.session.charger_id,
        connector_number__in=(0, story.session.connector.number),
        received_at__gte=story.frames.since,
        received_at__lt=story.frames.until,
    ).order_by("received_at", "id")[:_MOST]
    return [
        Moment(
            at=row.received_at,
            kind="state",
            title=_("Connector %(number)s: %(status)s")
            % {"number": row.connector_number, "status": row.status},
            details=tuple(
                part
                for part in (row.error_code, row.vendor_error_code, row.info)
                if part and part != "NoError"
            ),
            order=1,
        )
        for row in rows
        if row.received_at not in received
    ]


def _connections(story: Story) -> list[Moment]:
    since, until = story.frames.since, story.frames.until
    rows = ConnectionLog.objects.filter(
        Q(connected_at__gte=since, connected_at__lt=until)
        | Q(ended_at__gte=since, ended_at__lt=until),
        charger_id=story.session.charger_id,
    ).order_by("connected_at")[:_MOST]
    lines: list[Moment] = []
    for row in rows:
        if since <= row.connected_at < until:
            lines.append(Moment(row.connected_at, "link", _("Charger connected")))
        if row.ended_at is not None and since <= row.ended_at < until:
            code = str(row.close_code) if row.close_code else ""
            words = (str(row.get_ended_by_display()), code, row.reason)
            details = tuple(word for word in words if word)
            lines.append(Moment(row.ended_at, "link", _("Connection ended"), details))
    return lines


def _money(story: Story) -> list[Moment]:
    bill = story.bill
    if bill is None:
        return []
    lines = [
        Moment(
            bill.issued_at,
            "money",
            _("Bill #%(number)s") % {"number": bill.pk},
            (_amount(bill.total, bill.currency),),
        )
    ]
    if bill.released_at is not None:
        share = (_amount(bill.cpo_share, bill.currency),)
        lines.append(Moment(bill.released_at, "money", _("Released to the wallet"), share))
    return lines


def _amount(amount: int, currency: str) -> str:
    return format_money(amount, currency, translation.get_language() or "id")
