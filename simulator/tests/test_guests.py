"""Drivers without a card: they plug in, pay on a page, and charge what they paid for."""

from __future__ import annotations

from random import Random

import httpx
import pytest
from ocpp.v16 import call

from simulator import fleet as fleets
from simulator.phone import NotSoldError, Phone, fields_of
from simulator.tests.central import fleet_at, until

ID = "SIM-0001"
PAGE = """
<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="t0">
<input name="token" value="once"><input type="radio" name="rp" value="20000">
<input type="radio" name="method" value="qris"><input type="radio" name="method" value="dana">
</form>
"""
PAYMENT = """
<section data-part="pay"><p>Rp20.000</p>
<a class="btn main" href="http://gateway/pay/p1" rel="noopener">Pay with DANA</a></section>
"""


class Web:
    """A page that sells, and a gateway that is paid; `asked` keeps what was asked of them."""

    def __init__(self, **answers):
        self.asked = []
        self.answers = {
            "GET http://web/pay/SIM-0001/1": httpx.Response(200, text=PAGE),
            "POST http://web/pay/SIM-0001/1": httpx.Response(302, headers={"Location": "/pay/p/s"}),
            "GET http://web/pay/p/s": httpx.Response(200, text=PAYMENT),
            "POST http://gateway/pay/p1/pay": httpx.Response(303),
        } | answers

    def __call__(self, request):
        key = f"{request.method} {request.url}"
        self.asked.append((key, request.read().decode()))
        return self.answers[key]

    async def buy(self):
        phone = Phone("http://web/", Random(1), transport=httpx.MockTransport(self))
        return await phone.buy(ID, 1)


async def test_phone_fills_in_the_form_and_presses_the_wallets_button():
    web = Web()
    paid = await web.buy()
    assert (paid.page, paid.amount) == ("http://web/pay/p/s", 20_000)
    assert [key for key, _body in web.asked] == list(web.answers)
    assert web.asked[1][1] == "csrfmiddlewaretoken=t0&token=once&mode=rp&rp=20000&method=dana"


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        ("GET http://web/pay/SIM-0001/1", httpx.Response(200, text="nothing is sold")),
        ("GET http://web/pay/SIM-0001/1", httpx.Response(404, text=PAGE)),
        ("POST http://web/pay/SIM-0001/1", httpx.Response(422, text=PAGE)),
        ("POST http://gateway/pay/p1/pay", httpx.Response(404)),
    ],
)
async def test_phone_says_that_it_could_not_pay(key, answer):
    with pytest.raises(NotSoldError):
        await Web(**{key: answer}).buy()


def test_inputs_are_read_in_any_order_of_their_attributes():
    html = '<input value="1" type="radio" name="rp"><input name="rp" value="2" checked><input x>'
    assert fields_of(html) == {"rp": ["1", "2"]}


async def test_guest_charges_by_the_remote_start_that_the_payment_brings(central, monkeypatch):
    class Wallet:
        def __init__(self, web, _rng):
            assert web == "http://web"

        async def buy(self, charger_id, connector):
            await until(lambda: central.statuses(charger_id, connector)[-1] == "Preparing")
            start = call.RemoteStartTransaction(id_tag="PAY0001", connector_id=connector)
            await central.chargers[charger_id].call(start, suppress=False)

    monkeypatch.setattr(fleets, "Phone", Wallet)
    # Slow enough for the payment to come before the charger's own patience ends.
    options = {"speed": 50, "gap_s": 10, "stay_s": (5, 10), "web": "http://web", "guests": 1}
    async with fleet_at(central, **options) as fleet:
        await until(lambda: central.of("StopTransaction"))
    assert central.of("StartTransaction")[0]["id_tag"] == "PAY0001"
    assert fleet.stats.events["payments"] >= 1


async def test_guest_who_cannot_pay_leaves_at_once(central, monkeypatch):
    class Broken:
        def __init__(self, *_arguments):
            pass

        async def buy(self, *_arguments):
            raise NotSoldError("closed")

    monkeypatch.setattr(fleets, "Phone", Broken)
    async with fleet_at(central, speed=3000, gap_s=30, web="http://web", guests=1) as fleet:
        await until(lambda: central.statuses(ID, 1).count("Available") >= 2)
    assert fleet.stats.events["drivers_who_could_not_pay"] >= 1
    assert not central.of("StartTransaction")
