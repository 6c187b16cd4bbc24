"""What a driver does at a connector: plug in, show a card, charge, linger, drive away."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from simulator import transactions
from simulator.car import Car
from simulator.connector import Connector
from simulator.link import AnswerTimeoutError, DisconnectedError
from simulator.wire import CallError

if TYPE_CHECKING:
    from simulator.charger import Charger

LOOK_S = 60  # how often a status is looked at when no meter interval says more often
FAR = 10**15

Span = tuple[int, int]  # from, to: simulated seconds
TOP_UP_S: Span = (45, 150)
DC_STAY_S: Span = (900, 2400)
AC_STAY_S: Span = (1500, 5400)
LONG_SHARE = 0.1


@dataclass(frozen=True)
class Visit:
    """Times in simulated seconds. `id_tag` None waits for a remote start (a paying guest)."""

    car: Car
    id_tag: str | None
    identify_s: int = 15
    stay_s: int = 2700
    linger_s: int = 120
    reason: str = "Local"

    @classmethod
    def random(
        cls, rng: Random, id_tags: list[str], *, dc: bool, stay_s: Span | None = None
    ) -> Visit:
        """Most only top up for a minute or two, so that at true speed whole sessions come soon.

        No `id_tags`: a guest without a card, who pays.
        """
        if stay_s is None:
            long_stay = DC_STAY_S if dc else AC_STAY_S
            stay_s = long_stay if rng.random() < LONG_SHARE else TOP_UP_S
        low, high = stay_s
        return cls(
            Car.arriving(rng, dc=dc),
            rng.choice(id_tags) if id_tags else None,
            identify_s=rng.randint(3, 15),
            stay_s=rng.randint(low, high),
            linger_s=rng.randint(5, 60),
            reason=rng.choice(("Local", "Local", "EVDisconnected")),
        )


def begin(charger: Charger, connector: Connector, visit: Visit) -> None:
    """Let the visit happen beside everything else; the connector is busy from now on."""
    connector.wake.clear()
    connector.stop_reason = None
    connector.visit = charger.begin(_happen(charger, connector, visit))


def give_up(charger: Charger, connector: Connector) -> None:
    """The visit ends at once, as in a power failure; car and transaction stay where they are."""
    if connector.visit is not None:
        connector.visit.cancel()
        connector.visit = None
    connector.advance(charger.around.pace.now_ms())


def leave(charger: Charger, connector: Connector) -> None:
    """The car is gone."""
    connector.unplug()
    if connector.status == "Preparing":  # the only way on from there
        show(charger, connector, "Available")
    show(charger, connector, connector.resting_status)


def show(charger: Charger, connector: Connector, status: str) -> None:
    if connector.move(status):
        charger.report(connector)


async def _happen(charger: Charger, connector: Connector, visit: Visit) -> None:
    pace = charger.around.pace
    connector.car = visit.car
    show(charger, connector, "Preparing")
    id_tag = await _identify(charger, connector, visit)
    if id_tag is None or not await _authorized(charger, connector, id_tag):
        if connector.stop_reason is None:
            charger.around.stats.events["drivers_turned_away"] += 1
        await pace.sleep(visit.identify_s)
        leave(charger, connector)
        return
    transactions.start(charger, connector, id_tag)
    await _charge(charger, connector, visit)
    reason = connector.stop_reason or visit.reason
    transactions.stop(charger, connector, reason, id_tag if reason == "Local" else None)
    connector.remote_tag = None
    if reason != "EVDisconnected":
        show(charger, connector, "Finishing")
        await pace.sleep(visit.linger_s)
    leave(charger, connector)


async def _identify(charger: Charger, connector: Connector, visit: Visit) -> str | None:
    """The tag that starts: the driver's, or that of a remote start that came first."""
    wait = visit.identify_s
    if visit.id_tag is None:
        wait = charger.configuration.number("ConnectionTimeOut")
    if connector.remote_tag is None:
        await _woken(connector, charger.around.pace.real(wait))
    return connector.remote_tag or visit.id_tag


async def _authorized(charger: Charger, connector: Connector, id_tag: str) -> bool:
    if connector.stop_reason is not None:  # unlocked or reset before it began
        return False
    remote = connector.remote_tag is not None
    asks = charger.configuration.flag("AuthorizeRemoteTxRequests")
    if remote and not asks and _may_use(charger, connector, id_tag):
        return True
    status = None
    if charger.online:
        status = await _ask(charger, id_tag)
    if status is None:
        status = charger.authorization.known(id_tag)
        if status is None and charger.configuration.flag("AllowOfflineTxForUnknownId"):
            status = "Accepted"
    # Only now: the answer tells a tag's parent, and the reservation may be over meanwhile.
    return status == "Accepted" and _may_use(charger, connector, id_tag)


def _may_use(charger: Charger, connector: Connector, id_tag: str) -> bool:
    """Not where the connector is reserved for somebody else."""
    reservation = connector.reservation
    return reservation is None or reservation.is_for(id_tag, charger.authorization.group(id_tag))


async def _ask(charger: Charger, id_tag: str) -> str | None:
    """The central system's word on the tag; None when it gave none."""
    try:
        answer = await charger.call("Authorize", {"idTag": id_tag})
    except (CallError, AnswerTimeoutError, DisconnectedError):
        return None
    info = answer.get("idTagInfo") or {}
    charger.authorization.learn(id_tag, info)
    return str(info.get("status"))


async def _charge(charger: Charger, connector: Connector, visit: Visit) -> None:
    """Until something asks for a stop: the driver's leaving, a command, a refused start."""
    pace = charger.around.pace
    leaves = pace.now_ms() + visit.stay_s * 1000
    sampled = pace.now_ms()
    while connector.stop_reason is None:
        now = pace.now_ms()
        connector.advance(now)
        show(charger, connector, connector.charging_status())
        interval = charger.configuration.number("MeterValueSampleInterval") * 1000
        if interval and now >= sampled + interval:
            transactions.report_meter(charger, connector)
            sampled = max(sampled + interval, now - interval)
        if now >= leaves:
            connector.request_stop(visit.reason)
            break
        due = min(leaves, sampled + interval if interval else FAR, now + LOOK_S * 1000)
        await _woken(connector, pace.real((due - now) / 1000))


async def _woken(connector: Connector, seconds: float) -> None:
    """Until someone calls or the time is over."""
    try:
        async with asyncio.timeout(max(seconds, 0.001)):
            await connector.wake.wait()
    except TimeoutError:
        return
    connector.wake.clear()
