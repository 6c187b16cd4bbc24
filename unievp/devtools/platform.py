"""Which processes make the platform, from the environment of `make run`."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from unievp.devtools.children import Child
from unievp.web.demo import gateway as demo
from unievp.web.demo.logins import LOGINS, SAME_FOR_ALL


class ConfigurationError(ValueError):
    """A variable of `make run` has a value that cannot be used; the message names it."""


@dataclass(frozen=True)
class Configuration:
    """What `make run` reads from the environment: ports, BIND, SIMULATOR_CHARGERS (contract §1)."""

    base_dir: Path
    data_dir: Path
    bind: str
    port: int
    ocpp_port: int
    gateway_port: int
    simulator_chargers: int

    @classmethod
    def read(cls, base_dir: Path, data_dir: Path) -> "Configuration":
        """Raises ConfigurationError for a number that is none."""
        return cls(
            base_dir,
            data_dir,
            os.environ.get("BIND", "127.0.0.1"),
            _number("PORT", 8000, most=65535),
            _number("OCPP_PORT", 9000, most=65535),
            _number("GATEWAY_PORT", 8010, most=65535),
            _number("SIMULATOR_CHARGERS", 6, most=10_000),
        )

    @property
    def own_host(self) -> str:
        """Where this machine reaches its own servers."""
        return "127.0.0.1" if self.bind in ("0.0.0.0", "::", "") else self.bind  # noqa: S104  (compared, not bound)

    @property
    def shown_host(self) -> str:
        return "localhost" if self.own_host == "127.0.0.1" else self.own_host


def servers(config: Configuration) -> list[Child]:
    """Web, ocpp, worker, beat and the fake gateway: what must answer before all is ready."""
    programs = Path(sys.executable).parent
    celery = [str(programs / "celery"), "--quiet", "--app", "unievp"]
    beat_file = str(config.data_dir / "celerybeat-schedule")
    return [
        Child(
            "web",
            [
                *(str(programs / "daphne"), "--verbosity", "0", "--bind", config.bind),
                *("--port", str(config.port), "unievp.asgi:application"),
            ],
            32,
        ),
        Child("ocpp", [sys.executable, "-m", "unievp.serve_ocpp"], 36),
        Child(
            "worker",
            [
                *celery,
                *("worker", "--loglevel", "WARNING", "--concurrency", "2"),
                *("--without-gossip", "--without-mingle"),
            ],
            35,
        ),
        # Virtual chargers of the portal and the admin: minutes long, so in a worker of their own.
        Child(
            "virtual",
            [
                *celery,
                *("worker", "--loglevel", "WARNING", "--queues", "simulator"),
                *("--pool", "threads", "--concurrency", "8", "--hostname", "virtual@%h"),
                *("--without-gossip", "--without-mingle"),
            ],
            33,
        ),
        Child(
            "beat",
            [*celery, "beat", "--loglevel", "WARNING", "--schedule", beat_file, "--pidfile="],
            34,
        ),
        Child("gateway", _gateway(config), 31),
    ]


def _gateway(config: Configuration) -> list[str]:
    """The fake Xendit and Midtrans; the demo's providers point there."""
    web = f"http://{config.own_host}:{config.port}"
    midtrans = f"{web}{demo.webhook_path('midtrans', demo.MIDTRANS_SLUG)}"
    options = {
        "--host": config.bind,
        "--port": str(config.gateway_port),
        "--public-url": f"http://{config.shown_host}:{config.gateway_port}",
        "--state": str(config.data_dir / "gateway.json"),
        "--xendit-webhooks": f"{web}{demo.webhook_path('xendit', demo.XENDIT_SLUG)}",
        "--xendit-token": demo.CALLBACK_TOKEN,
        "--midtrans-webhooks": midtrans,
        "--iris-webhooks": midtrans,
        "--iris-key": demo.IRIS_KEY,
    }
    return [sys.executable, "-m", "simulator.gateway", *(w for o in options.items() for w in o)]


def fleet(config: Configuration) -> list[Child]:
    """The simulated chargers, SIM-0001 and on; none for SIMULATOR_CHARGERS=0."""
    if config.simulator_chargers == 0:
        return []
    manage = str(config.base_dir / "manage.py")
    url = f"ws://{config.own_host}:{config.ocpp_port}"
    # Meters go on where they stood: a register that fell would hold the next session's bill.
    state = str(config.data_dir / "simulator.json")
    # Half of the drivers have no card: they pay on the driver's pages, at the fake gateway.
    web = f"http://{config.own_host}:{config.port}"
    command = [sys.executable, manage, "simulate", "--url", url, "--web", web, "--state", state]
    return [Child("sim", [*command, "--chargers", str(config.simulator_chargers)], 33)]


def welcome(config: Configuration) -> list[str]:
    """The addresses and the demo logins (contract §1)."""
    base = f"http://{config.shown_host}:{config.port}"
    lines = [
        f"  {name:<9}{base + path:<38}{_logins_of(place)}"
        for name, path, place in (("Admin", "/admin/", "admin"), ("Portal", "/", "portal"))
    ]
    lines.append(f"  {'Driver':<9}{base + '/pay/SIM-0002/1':<38}the page behind a QR code")
    gateway = f"http://{config.shown_host}:{config.gateway_port}/"
    lines.append(f"  {'Gateway':<9}{gateway:<38}a fake one, to pay on")
    ocpp = f"ws://{config.shown_host}:{config.ocpp_port}"
    return ["", *lines, f"  {'Chargers':<9}{ocpp}/{{charger_id}}", ""]


def _number(name: str, default: int, *, most: int) -> int:
    text = os.environ.get(name, str(default))
    if not text.isdecimal() or int(text) > most:
        raise ConfigurationError(f"{name}={text} is not a number from 0 to {most}.")
    return int(text)


def _logins_of(place: str) -> str:
    return ", ".join(
        f"{login.username} / {SAME_FOR_ALL}" for login in LOGINS if login.place == place
    )
