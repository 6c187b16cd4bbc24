"""The people and things of the test of two platforms, and what each of them does."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ocpi.tests.two_platforms.charger import IDENTITY, SimulatedCharger, simulated_charger
from ocpi.tests.two_platforms.platform import Platform, two_platforms, until

CARD: Final = "04A1B2C3D4"
SECOND_CARD: Final = "04FFEEDDCC"


class App:
    """The program of the driver: it knows its platform's REST API and nothing else."""

    def __init__(self, address: str, key: str, driver_id: str) -> None:
        self.address, self.key, self.driver_id = address, key, driver_id

    def get(self, path: str) -> Any:
        return self._call("GET", path)

    def post(self, path: str, body: dict[str, Any], *, key: str) -> Any:
        return self._call("POST", path, body, key)

    def _call(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        request = urllib.request.Request(
            f"{self.address}/api/{path}",
            None if body is None else json.dumps(body).encode(),
            {
                "Authorization": f"Api-Key {self.key}",
                "Content-Type": "application/json",
                "Accept-Language": "en",
                **({"Idempotency-Key": key} if key else {}),
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from error


@dataclass
class Scene:
    operator: Platform
    provider: Platform
    charger: SimulatedCharger
    app: App
    app_uid: str
    began: float = field(default_factory=time.monotonic)

    def note(self, what: str) -> None:
        print(f"{time.monotonic() - self.began:5.1f} s  {what}")

    def troubles(self) -> str:
        """What went wrong between the two, and the ends of their logs."""
        between = [
            f"{one.name}: {line}"
            for one in (self.operator, self.provider)
            for line in [*one.do("refusals"), *one.do("pushes", status="waiting")]
        ]
        return "\n".join([*between, self.operator.troubles(), self.provider.troubles()])

    # --- They meet --------------------------------------------------------------------------

    def meet(self) -> None:
        """The provider registers with the operator; each then has what the other offers."""
        token = self.operator.do("invite", name="UNIEV Drive")
        assert self.operator.do("publish")
        versions = f"{self.operator.address}/ocpi/versions"
        registered = self.provider.do("register", versions_url=versions, token=token)
        assert registered == "registered"
        until(lambda: self.charger.online, "the charger is online")

    # --- The driver -------------------------------------------------------------------------

    def start_by_app(self, connector: int) -> str:
        """Pressed twice; the command that came of it."""
        place = self.app.get("roaming/locations?near=-6.2,106.84")["results"][0]
        whole = self.app.get(f"roaming/locations/{place['id']}")
        evse = whole["evse_list"][connector - 1]
        (tariff,) = evse["connectors"][0]["tariffs"]
        assert "per kWh" in tariff["short"]
        body = {
            "roaming_location_id": place["id"],
            "evse_uid": evse["uid"],
            "driver_id": self.app.driver_id,
        }
        first = self.app.post("roaming/start", body, key=f"start-{connector}")
        again = self.app.post("roaming/start", body, key=f"start-{connector}")
        assert first["id"] == again["id"]
        return str(first["id"])

    def stop_by_app(self, session: int) -> str:
        body = {"roaming_session_id": session}
        return str(self.app.post("roaming/stop", body, key=f"stop-{session}")["id"])

    def succeeded(self, command: str) -> dict[str, Any]:
        """The command once it has, at once a failure where it cannot any more."""

        def ended() -> dict[str, Any] | None:
            shown: dict[str, Any] = self.app.get(f"roaming/commands/{command}")
            assert shown["status"] not in ("refused", "timed_out"), shown
            return shown if shown["status"] == "succeeded" else None

        found: dict[str, Any] = until(ended, f"command {command} is done", self.troubles)
        return found

    # --- What both say of a session ---------------------------------------------------------

    def at_operator(self, pk: int) -> dict[str, Any]:
        """Once it is known to be a roaming one."""

        def known() -> dict[str, Any] | None:
            found: dict[str, Any] = self.operator.do("session_of", pk=pk)
            return found if found["ocpi_id"] else None

        found: dict[str, Any] = until(known, f"session {pk} roams", self.troubles)
        return found

    def settled(self, pk: int) -> int:
        """Billed there, its CDR here, recomputed equal and booked; what it costs."""
        until(lambda: self.operator.do("billed", pk=pk), "the bill", self.troubles)
        said = self.at_operator(pk)
        cdr = until(
            lambda: self.provider.do("cdr_booked", session=said["ocpi_id"]),
            f"the CDR of {said['ocpi_id']} is booked",
            self.troubles,
        )
        assert cdr == {
            "check": "ok",
            "differences": [],
            "energy_wh": said["energy_wh"],
            "owed_to_operator": said["total"],
            "rows": 1,
        }
        return int(said["total"])


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    with two_platforms(folder) as (operator, provider):
        operator.do("open_for_business", identity=IDENTITY)
        driver = provider.do("become_provider", cards=[CARD, SECOND_CARD])
        with simulated_charger(operator.ocpp_port) as charger:
            app = App(f"http://127.0.0.1:{provider.web_port}", driver["key"], driver["driver_id"])
            yield Scene(operator, provider, charger, app, driver["app_uid"])
