"""The live table of a fleet for a terminal."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from simulator.charger import Charger
from simulator.connector import Connector
from simulator.fleet import Fleet

REFRESH_S = 0.5
FRAME_LINES = 7  # title, header, borders and footer around the rows

COLOURS = {
    "Available": "green",
    "Preparing": "yellow",
    "Charging": "bold cyan",
    "SuspendedEV": "blue",
    "SuspendedEVSE": "magenta",
    "Finishing": "yellow",
    "Reserved": "magenta",
    "Unavailable": "bright_black",
    "Faulted": "red",
}


async def show(fleet: Fleet, console: Console) -> None:
    """Redraw until cancelled."""
    with Live(console=console, auto_refresh=False) as live:
        while True:
            live.update(draw(fleet, console.size.height), refresh=True)
            await asyncio.sleep(REFRESH_S)


def draw(fleet: Fleet, height: int) -> Table:
    """As many connectors as the terminal is high; the busy ones first if not all fit."""
    rows = [(charger, each) for charger in fleet.chargers for each in charger.connectors]
    room = max(3, height - FRAME_LINES)
    if len(rows) > room:
        rows = sorted(rows, key=lambda row: row[1].transaction is None)[:room]
    stats, options = fleet.stats, fleet.options
    table = Table(
        title=f"{options.scenario} at {options.speed:g}x, {options.url}",
        caption=(
            f"{stats.connected}/{len(fleet.chargers)} online   "
            f"sessions {stats.sessions_started} started, {stats.sessions_stopped} stopped   "
            f"{_kwh(stats.energy_wh)} kWh   {stats.answered.total()} answered, "
            f"{stats.errors.total()} errors, {stats.timeouts.total()} timeouts   "
            f"{stats.reconnects} reconnects"
        ),
        expand=True,
    )
    for name in ("Charger", "Connector", "Status"):
        table.add_column(name)
    for name in ("kW", "kWh", "SoC", "Session"):
        table.add_column(name, justify="right")
    for name in ("Driver", "Last message"):
        table.add_column(name)
    for charger, connector in rows:
        table.add_row(*_cells(charger, connector))
    return table


def _cells(charger: Charger, connector: Connector) -> list[Text | str]:
    connector.advance(charger.around.pace.now_ms())
    status = connector.status if charger.online else "offline"
    transaction = connector.transaction
    energy = session = driver = ""
    if transaction is not None:
        energy = _kwh(connector.register.wh - transaction.meter_start)
        session = "…" if transaction.id is None else str(transaction.id)
        driver = transaction.id_tag
    soc = f"{connector.car.soc // 10} %" if connector.car else ""
    power = f"{connector.power_w / 1000:.1f}" if connector.power_w else ""
    return [
        charger.id,
        str(connector.number),
        Text(status, style=COLOURS.get(status, "red")),
        power,
        energy,
        soc,
        session,
        driver,
        charger.last_message,
    ]


def _kwh(energy_wh: int) -> str:
    return f"{energy_wh / 1000:.2f}"
