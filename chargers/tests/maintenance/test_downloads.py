"""Firmware as a charger fetches it: whole, in ranges, and only while its update is under way."""

import random

import pytest

from chargers.services.firmware.asking import update_firmware
from chargers.store.work import FirmwareReport
from chargers.tests.factories import send_one
from chargers.tests.maintenance.parts import answer, make_image, waiting

pytestmark = pytest.mark.django_db

CONTENT = random.Random(7).randbytes(10_240)


@pytest.fixture
def update(charger):
    return update_firmware(charger, image=make_image(content=CONTENT), actor="ana")


@pytest.fixture
def address(charger, update):
    command = waiting(charger)
    answer(command)
    return "/" + command.payload["location"].split("/", 3)[3]


def body(response):
    return b"".join(response)


@pytest.mark.proves("UpdateFirmware")
def test_image_is_fetched_whole_and_counted(client, update, address):
    for _ in range(2):
        response = client.get(address)
        assert (response.status_code, body(response)) == (200, CONTENT)
        assert response["Content-Length"] == "10240"
    update.refresh_from_db()
    assert update.downloads == 2


@pytest.mark.parametrize(
    ("wanted", "status", "part"),
    [
        ("bytes=0-9", 206, CONTENT[:10]),
        ("bytes=10000-", 206, CONTENT[10000:]),
        ("bytes=-5", 206, CONTENT[-5:]),
        ("bytes=10239-99999", 206, CONTENT[-1:]),
        ("bytes=0-1,5-6", 200, CONTENT),
        ("bytes=-", 200, CONTENT),
        ("lines=1-2", 200, CONTENT),
    ],
)
def test_broken_download_goes_on_where_it_stopped(client, address, wanted, status, part):
    response = client.get(address, headers={"Range": wanted})
    assert (response.status_code, body(response)) == (status, part)
    assert response["Content-Length"] == str(len(part))
    if status == 206:
        first = CONTENT.index(part) if len(part) > 5 else len(CONTENT) - len(part)
        assert response["Content-Range"] == f"bytes {first}-{first + len(part) - 1}/10240"


def test_range_beyond_the_end_is_refused(client, address):
    response = client.get(address, headers={"Range": "bytes=10240-"})
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */10240")


def test_head_tells_the_size(client, update, address):
    response = client.head(address)
    assert (response.status_code, response["Content-Length"]) == (200, "10240")
    update.refresh_from_db()
    assert update.downloads == 0


def test_address_is_void_after_the_update(client, charger, address):
    send_one(charger, FirmwareReport("InvalidSignature"))
    assert client.get(address).status_code == 404


def test_unknown_address_and_lost_file_are_not_found(client, update, address):
    assert client.get("/firmware/nothing/x.bin").status_code == 404
    assert client.post(address).status_code == 405
    update.image.file.storage.delete(update.image.file.name)
    assert client.get(address).status_code == 404
