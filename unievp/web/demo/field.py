"""What stands in the demo's field: locations, chargers, tariffs. Prices are of 2025, in rupiah."""

from __future__ import annotations

from typing import NamedTuple

from chargers.models import PowerType


class DemoLocation(NamedTuple):
    company: str
    name: str
    address: str
    city: str
    province: str
    postal_code: str
    latitude: str
    longitude: str
    time_zone: str


LOCATIONS: tuple[DemoLocation, ...] = (
    DemoLocation(
        "Nusantara Charge", "Senayan Park", "Jl. Gerbang Pemuda No. 3", "Jakarta", "DKI Jakarta",
        "10270", "-6.2146200", "106.8019300", "Asia/Jakarta",
    ),
    DemoLocation(
        "Bali EV Hub", "Sanur Beach Walk", "Jl. Danau Tamblingan No. 77", "Denpasar", "Bali",
        "80228", "-8.6925100", "115.2633800", "Asia/Makassar",
    ),
    DemoLocation(
        "Nusantara Charge", "Jayapura Waterfront", "Jl. Soa Siu Dok II", "Jayapura", "Papua",
        "99112", "-2.5337100", "140.7181300", "Asia/Jayapura",
    ),
)  # fmt: skip


class DemoOutlet(NamedTuple):
    standard: str
    power_type: PowerType
    max_power_w: int
    max_current_a: int
    max_voltage_v: int


AC_22 = DemoOutlet("IEC_62196_T2", PowerType.AC_3_PHASE, 22_000, 32, 400)
DC_60 = DemoOutlet("IEC_62196_T2_COMBO", PowerType.DC, 60_000, 150, 1000)
DC_120 = DemoOutlet("IEC_62196_T2_COMBO", PowerType.DC, 120_000, 300, 1000)
CHADEMO_60 = DemoOutlet("CHADEMO", PowerType.DC, 60_000, 125, 500)


class DemoCharger(NamedTuple):
    identity: str
    name: str
    location: str
    tariff: str
    outlets: tuple[DemoOutlet, ...]


CHARGERS: tuple[DemoCharger, ...] = (
    DemoCharger("SIM-0001", "Lobby A", "Senayan Park", "AC Jakarta", (AC_22, AC_22)),
    DemoCharger("SIM-0002", "Fast lane", "Senayan Park", "DC Jakarta", (DC_120, DC_120)),
    DemoCharger("SIM-0003", "Beach side", "Sanur Beach Walk", "AC Bali", (AC_22, AC_22)),
    DemoCharger("SIM-0004", "Car park", "Sanur Beach Walk", "DC Bali", (DC_60, CHADEMO_60)),
    DemoCharger("SIM-0005", "Harbour", "Jayapura Waterfront", "AC Papua", (AC_22, AC_22)),
    DemoCharger("SIM-0006", "Plaza", "Jayapura Waterfront", "DC Papua", (DC_60, DC_60)),
)


class DemoTariff(NamedTuple):
    """Rupiah, tax included: per kWh, per session, and per minute of blocking after charging."""

    company: str
    name: str
    per_kwh: str
    session_fee: str
    idle_per_minute: str
    idle_grace_minutes: int
    # Cheaper at night by the location's own clock, where given.
    night_per_kwh: str = ""


TARIFFS: tuple[DemoTariff, ...] = (
    DemoTariff("Nusantara Charge", "AC Jakarta", "2440", "0", "500", 15, night_per_kwh="2097"),
    DemoTariff("Nusantara Charge", "DC Jakarta", "2466.78", "25000", "1000", 10),
    DemoTariff("Bali EV Hub", "AC Bali", "2400", "0", "500", 15),
    DemoTariff("Bali EV Hub", "DC Bali", "2466", "15000", "1000", 10),
    DemoTariff("Nusantara Charge", "AC Papua", "2450", "0", "400", 20),
    DemoTariff("Nusantara Charge", "DC Papua", "2466", "20000", "800", 15),
)
