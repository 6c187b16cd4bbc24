"""Several processes at the same moment: one command, one update, one file."""

import threading
from functools import partial

import pytest
from django.db import connection

from chargers.models import Command, ConfigurationReading, FirmwareUpdate
from chargers.services.configuration import sweep as configuration
from chargers.services.configuration.reading import request_reading
from chargers.services.configuration.runs import start_run
from chargers.services.firmware import sweep as firmware
from chargers.services.firmware.asking import ask_charger
from chargers.tests.maintenance.parts import make_image, make_online
from unievp.lib import clock

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works):
    gate = threading.Barrier(len(works))
    errors = []

    def run(work):
        try:
            gate.wait(10)
            work()
        except Exception as error:  # noqa: BLE001 (told below)
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []


def test_two_sweeps_send_each_thing_once():
    charger = make_online()
    FirmwareUpdate.objects.create(
        image=make_image(), charger=charger, due_at=clock.now(), phase_since=clock.now()
    )
    request_reading(charger)
    start_run({charger: {"A": "1"}}, name="Run", actor="x")
    at_once(
        *[configuration.sweep_readings] * 2,
        *[configuration.advance_runs] * 2,
        *[firmware.sweep_updates] * 2,
    )
    actions = sorted(Command.objects.values_list("action", flat=True))
    assert actions == ["ChangeConfiguration", "GetConfiguration", "UpdateFirmware"]
    assert ConfigurationReading.objects.get().state == "asked"


def test_two_updates_of_one_charger_are_asked_one_after_the_other():
    charger, image = make_online(), make_image()
    now = clock.now()
    updates = [
        FirmwareUpdate.objects.create(image=image, charger=charger, due_at=now, phase_since=now)
        for _ in range(2)
    ]
    at_once(*[partial(ask_charger, update.pk) for update in updates])
    states = sorted(FirmwareUpdate.objects.values_list("status", flat=True))
    assert states == ["asked", "waiting"]
    assert Command.objects.count() == 1
