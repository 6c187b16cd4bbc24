"""Two of our own platforms, each with processes and a database of its own, over real HTTP."""

from __future__ import annotations

import time

import pytest

from ocpi.tests.two_platforms.charger import IDENTITY, simulated_charger
from ocpi.tests.two_platforms.platform import two_platforms, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
CARD = "04A1B2C3D4"


def test_driver_of_one_platform_charges_at_the_other(tmp_path):
    began = time.monotonic()

    def note(what):
        print(f"{time.monotonic() - began:5.1f} s  {what}")

    with two_platforms(tmp_path) as (operator, provider):
        note("both answer")
        operator.do("open_for_business", identity=IDENTITY)
        driver = provider.do("become_provider", card=CARD)
        with simulated_charger(operator.ocpp_port) as charger:
            token = operator.do("invite", name="UNIEV Drive")
            assert operator.do("publish")
            versions = f"{operator.address}/ocpi/versions"
            assert provider.do("register", versions_url=versions, token=token) == "registered"
            note("registered")
            operator.until("knows_token", uid=CARD)
            operator.until("knows_token", uid=driver["app_uid"])
            note("tokens arrived")
            until(lambda: charger.online, "the charger is online")
            operator.until("is_available", identity=IDENTITY, connector=1)
            note("available")
            charger.plug_in_and_show(CARD, connector=1)
            pk = operator.until("charging", connector=1, least_wh=20)
            note("charging")
            session = operator.do("session_of", pk=pk)
            assert session["auth_method"] == "AUTH_REQUEST"
            assert session["reference"] == provider.do("given_reference", card=CARD)
            outlet = operator.do("evse", connector=2)
            command = provider.do("start_by_command", **outlet)
            provider.until("command_succeeded", pk=command)
            note("started by command")
            second = operator.until("charging", connector=2, least_wh=20)
            for running in (pk, second):
                session = operator.do("session_of", pk=running)
                stop = provider.do("stop_by_command", session_id=session["ocpi_id"])
                provider.until("command_succeeded", pk=stop)
                operator.until("ended", pk=running)
                note("stopped")
                operator.until("billed", pk=running)
            note("billed")
            assert operator.do("books") == provider.do("books") == {}
            assert operator.do("refusals") == provider.do("refusals") == []
