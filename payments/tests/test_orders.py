"""A driver's order: one payment however often and however fast it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections, transaction

from chargers.models import Connector, Presence
from chargers.services.offers import offer_of
from payments.gateways.base import Method
from payments.models import PaymentAttempt, PaymentIntent, PrepaidCharge, ProviderConfig
from payments.services.orders import Goal, Order, order_charging, terms_of, usual_power_w
from payments.services.providers import choose_config, offered_methods
from payments.tests.payments import EVERY_METHOD
from payments.tests.prepaid import make_seller
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

ORDER = Order(Goal.AMOUNT, 50_000, "qris", "a-token-of-24-characters")


def make_outlet(**values) -> Connector:
    charger = make_seller(**values)
    Presence.objects.create(charger=charger, online=True)
    ProviderConfig.objects.create(
        provider="xendit", environment="sandbox", name="Nobody", methods=EVERY_METHOD,
        api_key="xnd_development_test", base_url="http://127.0.0.1:1",
    )  # fmt: skip
    return outlet_of(charger)


def outlet_of(charger) -> Connector:
    rows = Connector.objects.select_related(
        "charger__cpo", "charger__location", "charger__presence"
    )
    return rows.get(charger=charger, number=1)


@pytest.mark.django_db(transaction=True)
def test_taps_at_the_same_time_are_one_payment():
    with transaction.atomic():
        outlet = make_outlet()

    def tap(_number):
        try:
            return order_charging(outlet, ORDER, created_by="test").pk
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        payments = set(pool.map(tap, range(4)))
    assert len(payments) == PaymentIntent.objects.count() == 1
    assert PaymentAttempt.objects.count() == PrepaidCharge.objects.count() == 1


@pytest.mark.django_db
def test_everything_of_an_order_makes_it_another_one():
    outlet = make_outlet()
    others = [
        replace(ORDER, token="another-token-of-24-char"),
        replace(ORDER, value=60_000),
        replace(ORDER, method="dana"),
        replace(ORDER, goal=Goal.ENERGY, value=50_000),
    ]
    secrets = {order_charging(outlet, each, created_by="test").secret for each in (ORDER, *others)}
    assert len(secrets) == 5
    assert all(len(secret) == 22 for secret in secrets)
    second = outlet.charger.connectors.get(number=2)
    second.charger = outlet.charger
    secrets.add(order_charging(second, ORDER, created_by="test").secret)
    assert len(secrets) == 6


@pytest.mark.django_db
def test_order_that_is_known_is_told_again_although_the_connector_is_taken():
    outlet = make_outlet()
    first = order_charging(outlet, ORDER, created_by="test")
    outlet.status = "Charging"
    assert order_charging(outlet, ORDER, created_by="test") == first
    with pytest.raises(ConflictError):
        order_charging(outlet, replace(ORDER, value=60_000), created_by="test")


@pytest.mark.django_db
def test_nothing_is_kept_of_an_order_that_is_refused():
    outlet = make_outlet()
    outlet.charger.tariff_assignments.all().delete()
    with pytest.raises(RefusedError):
        order_charging(outlet, ORDER, created_by="test")
    assert not PaymentIntent.objects.exists()


@pytest.mark.django_db
def test_terms_tell_what_is_paid_and_what_it_is_about():
    outlet = make_outlet(per_kwh=2_467, session_fee=25_000)
    at = clock.now()
    snapshot = offer_of(outlet, at=at)

    def terms(goal, value):
        told = terms_of(outlet, snapshot, goal=goal, value=value, at=at)
        return told.amount, told.limit_energy_wh, told.about_wh

    assert terms(Goal.ENERGY, 20_000) == (74_500, 20_000, 20_000)
    assert terms(Goal.AMOUNT, 100_000) == (100_000, None, 30_400)
    assert terms(Goal.FULL, 0) == (173_500, None, 60_000)
    for goal, value in ((Goal.ENERGY, 499), (Goal.ENERGY, 150_001), (Goal.AMOUNT, 9_999)):
        with pytest.raises(InvalidError):
            terms(goal, value)


def test_usual_power_is_what_cars_take_and_not_the_plate():
    assert usual_power_w(Connector(power_type="AC_3_PHASE", max_power_w=22_000)) == 7_000
    assert usual_power_w(Connector(power_type="AC_1_PHASE", max_power_w=3_500)) == 3_500
    assert usual_power_w(Connector(power_type="DC", max_power_w=120_000)) == 60_000


@pytest.mark.django_db
def test_way_to_pay_is_offered_by_who_can_do_it():
    outlet = make_outlet()
    cpo = outlet.charger.cpo
    assert Method.VA_CIMB not in offered_methods(cpo)
    ProviderConfig.objects.create(
        provider="midtrans", environment="sandbox", name="Other", methods=EVERY_METHOD,
        api_key="SB-Mid-server-test", base_url="http://127.0.0.1:1", priority=200,
    )  # fmt: skip
    assert choose_config(cpo, Method.VA_CIMB).provider == "midtrans"
    assert choose_config(cpo, Method.QRIS).provider == "xendit"
    assert Method.OVO not in offered_methods(cpo)
    with pytest.raises(RefusedError):
        choose_config(cpo, Method.OVO)
