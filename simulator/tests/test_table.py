from datetime import UTC, datetime

from rich.console import Console

from simulator.car import MODELS, WS_PER_WH, Car
from simulator.connector import Transaction
from simulator.fleet import Fleet, FleetOptions
from simulator.table import draw


def text(fleet, height=40):
    console = Console(width=140, height=height)
    with console.capture() as captured:
        console.print(draw(fleet, height))
    return captured.get()


async def test_the_table_shows_what_happens_at_every_connector():
    fleet = Fleet(FleetOptions(chargers=2))
    connector = fleet.chargers[0].connectors[1]
    model = MODELS[0]
    connector.car = Car(model, model.battery_wh * WS_PER_WH // 2)
    connector.status = "Charging"
    connector.begin(Transaction(2, "DEMO0001", datetime.now(UTC), connector.register.wh, id=77), 0)
    connector.register.add(2500 * WS_PER_WH)
    fleet.chargers[0].last_message = "MeterValues"
    shown = text(fleet)
    for part in ("SIM-0001", "SIM-0002", "DEMO0001", "77", "2.50", "50 %", "11.0", "MeterValues"):
        assert part in shown
    assert "0/2 online" in shown


async def test_a_low_terminal_shows_the_busy_connectors_first():
    fleet = Fleet(FleetOptions(chargers=50))
    connector = fleet.chargers[49].connectors[0]
    connector.begin(Transaction(1, "LAST", datetime.now(UTC), 0, id=5), 0)
    shown = text(fleet, height=12)
    assert "LAST" in shown
    assert shown.count("SIM-") == 5
