"""Which tariff an outlet sells at: connector, charger, location, company, in this order."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from chargers.models import ChargingSession, LocationTax, TariffDefault
from chargers.selectors.tariffs import Outlet, effective_tariff, effective_tariffs, name_tariffs
from chargers.services.assignments import assign_tariff
from chargers.services.offers import offer_of, tariff_now
from chargers.services.tariff_defaults import set_default_tariff, withdraw_default
from chargers.tests.factories import (
    T0,
    at,
    make_charger,
    make_location,
    make_tariff,
    make_token,
    send_one,
    start,
)
from cpo.models import AuditEntry
from cpo.tests.factories import make_cpo, make_user
from tariffs.pricing import Component, Element, Kind, Rules
from tariffs.services.templates import archive_template, create_template, publish_version
from tariffs.tests.rules_of_law import seed_rules
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError, RefusedError

pytestmark = pytest.mark.django_db

D = Decimal
LONG_AGO = T0 - timedelta(days=10)


def selling(cpo, name, *, fee=0, per_kwh=2_000):
    parts = [Component(Kind.ENERGY, D(per_kwh))]
    parts += [Component(Kind.FLAT, D(fee))] if fee else []
    return create_template(
        cpo, name=name, rules=Rules((Element(tuple(parts)),)), actor=make_user(),
        valid_from=LONG_AGO,
    )  # fmt: skip


@pytest.fixture
def charger():
    return make_charger(tariff=False)


@pytest.fixture
def names(charger):
    return {name: selling(charger.cpo, name) for name in ("cpo", "location", "charger", "outlet")}


def chosen(charger, number=1, at=None):
    found = effective_tariff(charger.connectors.get(number=number), at=at)
    return None if found is None else (found.template.name, found.source.value)


def default(template, **values):
    cpo = template.cpo
    return set_default_tariff(cpo, template=template, actor="test", valid_from=LONG_AGO, **values)


def test_nearest_choice_decides(charger, names):
    assert chosen(charger) is None
    default(names["cpo"])
    assert chosen(charger) == ("cpo", "cpo")
    default(names["location"], location=charger.location)
    assert chosen(charger) == ("location", "location")
    assign_tariff(charger, template=names["charger"], actor="test", valid_from=LONG_AGO)
    assert chosen(charger) == ("charger", "charger")
    outlet = charger.connectors.get(number=1)
    assign_tariff(
        charger, template=names["outlet"], connector=outlet, actor="test", valid_from=LONG_AGO
    )
    assert chosen(charger) == ("outlet", "connector")
    assert chosen(charger, 2) == ("charger", "charger")


def test_session_starts_with_the_tariff_that_the_selector_names(charger, names):
    make_token("CAFE")
    default(names["location"], location=charger.location)
    outlet = charger.connectors.get(number=1)
    told = tariff_now(outlet, at=clock.now())
    send_one(charger, start("CAFE"))
    session = ChargingSession.objects.get()
    assert (session.tariff_version_id, session.tariff_snapshot) == (
        told.version_id,
        told.snapshot,
    )
    assert session.tariff_snapshot["label"] == "location v1"


def test_start_without_any_tariff_is_refused(charger):
    make_token("CAFE")
    answer = send_one(charger, start("CAFE"), received_at=at(1))
    assert answer.id_tag_info.status == "Blocked"
    assert offer_of(charger.connectors.get(number=1), at=clock.now()) is None


def test_other_places_and_companies_have_nothing_of_it(charger, names):
    default(names["location"], location=charger.location)
    neighbour = make_charger(tariff=False, location=make_location(charger.cpo))
    rival = make_charger(tariff=False)
    assert (chosen(neighbour), chosen(rival)) == (None, None)
    default(names["cpo"])
    assert (chosen(neighbour), chosen(rival)) == (("cpo", "cpo"), None)


def test_default_holds_from_its_time_until_the_next(charger, names):
    default(names["cpo"])
    later = T0 + timedelta(days=1)
    set_default_tariff(charger.cpo, template=names["location"], actor="test", valid_from=later)
    assert chosen(charger, at=LONG_AGO - timedelta(seconds=1)) is None
    assert chosen(charger, at=later - timedelta(seconds=1)) == ("cpo", "cpo")
    assert chosen(charger, at=later) == ("location", "cpo")


def test_default_without_a_tariff_ends_the_one_before(charger, names):
    default(names["cpo"])
    default(names["location"], location=charger.location)
    ends = LONG_AGO + timedelta(days=1)
    set_default_tariff(
        charger.cpo, template=None, location=charger.location, actor="test", valid_from=ends
    )
    assert chosen(charger) == ("cpo", "cpo")


def test_ended_assignment_falls_back(charger, names):
    default(names["cpo"])
    assign_tariff(
        charger, template=names["charger"], actor="test", valid_from=LONG_AGO, valid_to=T0
    )
    assert chosen(charger, at=T0 - timedelta(seconds=1)) == ("charger", "charger")
    assert chosen(charger, at=T0) == ("cpo", "cpo")


def test_two_defaults_of_one_place_never_begin_at_once(charger, names):
    default(names["cpo"])
    with pytest.raises(ConflictError) as refused:
        default(names["location"])
    assert refused.value.field == "valid_from"
    for location in (None, charger.location):
        TariffDefault.objects.create(cpo=charger.cpo, location=location, valid_from=T0)
        with pytest.raises(IntegrityError), transaction.atomic():
            TariffDefault.objects.create(cpo=charger.cpo, location=location, valid_from=T0)


def test_many_outlets_take_two_queries(charger, names, django_assert_num_queries):
    default(names["cpo"])
    outlets = [
        Outlet(charger.pk),
        *(Outlet(charger.pk, row.pk) for row in charger.connectors.all()),
    ]
    with django_assert_num_queries(2):
        found = effective_tariffs(outlets)
    assert {one.template.name for one in found.values()} == {"cpo"}
    assert len(found) == 3
    assert name_tariffs([charger]) == {charger.pk: "cpo"}


def test_default_of_another_company_is_refused(charger, names):
    rival = make_cpo()
    with pytest.raises(InvalidError) as refused:
        set_default_tariff(rival, template=names["cpo"], actor="test")
    assert refused.value.field == "template_id"
    with pytest.raises(InvalidError) as refused:
        set_default_tariff(
            charger.cpo, template=names["cpo"], location=make_location(rival), actor="test"
        )
    assert refused.value.field == "location_id"
    assert not TariffDefault.objects.exists()


def test_archived_tariff_is_assigned_nowhere(charger, names):
    archive_template(names["cpo"], actor=make_user())
    names["cpo"].refresh_from_db()
    with pytest.raises(ConflictError):
        default(names["cpo"])
    with pytest.raises(ConflictError):
        assign_tariff(charger, template=names["cpo"], actor="test")


def test_default_that_has_not_begun_is_withdrawn_and_one_that_has_is_history(charger, names):
    begun = default(names["cpo"])
    with pytest.raises(ConflictError):
        withdraw_default(begun, actor="test")
    future = set_default_tariff(
        charger.cpo, template=None, actor="test", valid_from=clock.now() + timedelta(days=1)
    )
    withdraw_default(future, actor="test")
    assert list(TariffDefault.objects.all()) == [begun]
    log = AuditEntry.objects.filter(action__startswith="tariff.default").order_by("id")
    assert [entry.action for entry in log] == [
        "tariff.default", "tariff.default", "tariff.default_withdrawn",
    ]  # fmt: skip


# --- Caps by charging class -------------------------------------------------------------------


@pytest.fixture
def fast(charger):
    seed_rules()
    charger.connectors.filter(number=1).update(max_power_w=50_000)
    return charger.connectors.get(number=1)


def test_fee_above_the_cap_of_the_class_is_not_assigned(charger, fast):
    dear = selling(charger.cpo, "dear", fee=30_000)
    for connector in (fast, None):
        with pytest.raises(RefusedError) as refused:
            assign_tariff(charger, template=dear, connector=connector, actor="test")
        assert (refused.value.field, refused.value.code) == (
            "template_id",
            "above_session_fee_cap",
        )
        assert "Kepmen ESDM 182.K" in str(refused.value)
    with pytest.raises(RefusedError):
        default(dear)
    with pytest.raises(RefusedError):
        default(dear, location=charger.location)
    assert chosen(charger) is None


def test_assignment_from_long_ago_keeps_to_the_law_of_today(charger, fast):
    dear = selling(charger.cpo, "dear", fee=30_000)
    long_ago = T0 - timedelta(days=3_000)
    with pytest.raises(RefusedError):
        assign_tariff(charger, template=dear, actor="test", valid_from=long_ago)


def test_ultrafast_outlet_may_ask_more(charger, fast):
    charger.connectors.filter(number=1).update(max_power_w=50_001)
    dear = selling(charger.cpo, "dear", fee=30_000)
    assign_tariff(charger, template=dear, actor="test")
    assert chosen(charger) == ("dear", "charger")


def test_outlet_with_a_tariff_of_its_own_does_not_limit_the_default(charger, fast):
    own = selling(charger.cpo, "own")
    assign_tariff(charger, template=own, connector=fast, actor="test", valid_from=LONG_AGO)
    dear = selling(charger.cpo, "dear", fee=30_000)
    default(dear)
    assert (chosen(charger, 1), chosen(charger, 2)) == (("own", "connector"), ("dear", "cpo"))


@pytest.mark.parametrize("by_default", [False, True])
def test_new_prices_keep_to_the_caps_of_where_they_are_sold(by_default, charger, fast):
    cheap = selling(charger.cpo, "cheap")
    if by_default:
        default(cheap)
    else:
        assign_tariff(charger, template=cheap, connector=fast, actor="test")
    parts = (Component(Kind.ENERGY, D(2_000)), Component(Kind.FLAT, D(25_001)))
    with pytest.raises(RefusedError):
        publish_version(cheap, rules=Rules((Element(parts),)), actor=make_user())
    assert cheap.versions.count() == 1


def test_later_version_above_the_cap_stops_the_assignment(charger, fast):
    cheap = selling(charger.cpo, "cheap")
    parts = (Component(Kind.ENERGY, D(2_000)), Component(Kind.FLAT, D(30_000)))
    publish_version(
        cheap, rules=Rules((Element(parts),)), actor=make_user(),
        valid_from=clock.now() + timedelta(days=5),
    )  # fmt: skip
    with pytest.raises(RefusedError):
        assign_tariff(charger, template=cheap, actor="test")


# --- PBJT --------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", ["-1", "10.0001"])
def test_tax_above_its_ceiling_is_refused_by_the_database(charger, percent):
    with pytest.raises(IntegrityError), transaction.atomic():
        LocationTax.objects.create(
            location=charger.location, percent=D(percent), valid_from=LONG_AGO
        )


def test_a_tariff_assigned_by_hand_still_sells(charger):
    version = make_tariff(charger.cpo)
    assign_tariff(charger, template=version.template, actor="test", valid_from=LONG_AGO)
    assert effective_tariff(charger.connectors.get(number=2)).template_id == version.template_id


@pytest.mark.django_db(transaction=True)
def test_archiving_and_assigning_at_once_never_both_happen(charger, names):
    template, actor = names["charger"], make_user()

    def attempt(work):
        try:
            work()
        except ConflictError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(
            pool.map(
                attempt,
                [
                    lambda: archive_template(template, actor=actor),
                    lambda: assign_tariff(charger, template=template, actor="test"),
                ],
            )
        )
    assert sorted(done) == [False, True]
