"""Tariffs are published whole and never changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from cpo.models import AuditEntry
from cpo.tests.factories import make_cpo, make_user
from tariffs.models import PriceComponent, TariffElement, TariffTemplate, TariffVersion
from tariffs.pricing import (
    Bound,
    Component,
    Element,
    Kind,
    Reservation,
    Restrictions,
    Rules,
    SimpleTariff,
    Snapshot,
    Tax,
    TaxCode,
    simple_rules,
    snapshot_from_json,
)
from tariffs.selectors.versions import templates_on_sale, version_in_force
from tariffs.services.snapshots import build_snapshot, rules_of
from tariffs.services.templates import archive_template, create_template, publish_version
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = pytest.mark.django_db

D = Decimal
PLAIN = simple_rules(SimpleTariff(D(2400)))
# Every field of every part.
RICH = Rules(
    elements=(
        Element(
            (Component(Kind.ENERGY, D("2466.7800"), 100, (Tax(TaxCode.VAT, D("11.0000")),)),),
            Restrictions(
                start_time=time(22),
                end_time=time(5, 30),
                start_date=date(2026, 1, 1),
                end_date=date(2027, 1, 1),
                days=frozenset({1, 7}),
                min_energy_wh=1,
                max_energy_wh=2,
                min_power_w=3,
                max_power_w=4,
                min_current_ma=5,
                max_current_ma=6,
                min_duration_s=7,
                max_duration_s=8,
                min_idle_s=9,
            ),
        ),
        Element(
            (Component(Kind.TIME, D("5.0000")), Component(Kind.FLAT, D("1.0000"))),
            Restrictions(reservation=Reservation.RESERVATION_EXPIRES),
        ),
    ),
    currency="EUR",
    tax_included=True,
    min_price=Bound(D("1.0000"), D("1.1000")),
    max_price=Bound(None, D("90.0000")),
    free_below_wh=50,
)


@pytest.fixture
def actor():
    return make_user(is_staff=True)


@pytest.fixture
def template(actor):
    return create_template(make_cpo(), name="AC", rules=PLAIN, actor=actor)


def test_tariff_is_stored_with_its_first_version(template, actor):
    version = template.versions.get()
    assert (version.number, version.created_by, rules_of(version)) == (1, actor, PLAIN)


def test_everything_a_tariff_says_is_stored(template, actor):
    assert rules_of(publish_version(template, rules=RICH, actor=actor)) == RICH


def test_snapshot_is_what_the_engine_reads(template, actor):
    version = publish_version(template, rules=RICH, actor=actor)
    built = build_snapshot(version, time_zone="Asia/Makassar", pbjt_percent=D("2.4"))
    assert snapshot_from_json(built) == Snapshot(RICH, "Asia/Makassar", D("2.4"), "AC v2")


def test_new_prices_are_a_new_version_from_their_time_on(template, actor):
    now = clock.now()
    later = publish_version(
        template, rules=RICH, actor=actor, valid_from=now + timedelta(days=1), note="spring"
    )
    assert (later.number, later.note) == (2, "spring")
    assert version_in_force(template, now + timedelta(seconds=1)).number == 1
    assert version_in_force(template, now + timedelta(days=1)) == later
    assert version_in_force(template, now - timedelta(days=1)) is None


def test_later_number_wins_at_the_same_time(template, actor):
    at = clock.now() + timedelta(days=1)
    publish_version(template, rules=PLAIN, actor=actor, valid_from=at)
    publish_version(template, rules=RICH, actor=actor, valid_from=at)
    assert version_in_force(template, at).number == 3


def test_name_is_taken_in_any_spelling_until_it_is_archived(template, actor):
    with pytest.raises(ConflictError) as refused:
        create_template(template.cpo, name="ac ", rules=PLAIN, actor=actor)
    assert refused.value.field == "name"
    archive_template(template, actor=actor)
    create_template(template.cpo, name="ac", rules=PLAIN, actor=actor)


def test_rival_may_use_the_same_name(template, actor):
    assert create_template(make_cpo(), name="AC", rules=PLAIN, actor=actor).pk != template.pk


def test_archived_tariff_gets_no_new_prices(template, actor):
    archive_template(template, actor=actor)
    with pytest.raises(ConflictError):
        publish_version(template, rules=RICH, actor=actor)
    assert not templates_on_sale(template.cpo).exists()
    archived_at = TariffTemplate.objects.get(pk=template.pk).archived_at
    assert archive_template(template, actor=actor).archived_at == archived_at


def test_changes_are_in_the_audit_log(template, actor):
    archive_template(template, actor=actor, reason="old")
    log = AuditEntry.objects.filter(actor=actor).order_by("id").values_list("action", flat=True)
    assert list(log) == ["tariff.publish", "tariff.create", "tariff.archive"]


@pytest.mark.parametrize(
    "change",
    [
        lambda: TariffVersion.objects.update(tax_included=False),
        lambda: TariffVersion.objects.update(valid_from=clock.now()),
        lambda: TariffElement.objects.update(position=9),
        lambda: PriceComponent.objects.update(price=1),
        lambda: PriceComponent.objects.all().delete(),
        lambda: TariffElement.objects.all()._raw_delete("default"),
        lambda: TariffVersion.objects.all()._raw_delete("default"),
    ],
)
def test_published_prices_are_not_changed(template, change):
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        change()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_added_to_a_published_version():
    template = create_template(make_cpo(), name="AC", rules=PLAIN, actor=make_user())
    version = template.versions.get()
    with pytest.raises(DatabaseError, match="is published: no element"), transaction.atomic():
        TariffElement.objects.create(version=version, position=9)
    element = version.elements.get()
    with pytest.raises(DatabaseError, match="is published: no price"), transaction.atomic():
        PriceComponent.objects.create(element=element, kind="TIME", price=1)


def element(*parts, **rule):
    return Rules((Element(parts, Restrictions(**rule)),))


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        (Rules(()), "elements"),
        (replace(PLAIN, currency="XXX"), "currency"),
        (replace(PLAIN, free_below_wh=-1), "free_below_wh"),
        (replace(PLAIN, min_price=Bound(D(-1))), "min_price"),
        (replace(PLAIN, max_price=Bound(D("NaN"))), "max_price"),
        (replace(PLAIN, min_price=Bound(D(5)), max_price=Bound(D(4))), "min_price"),
        (element(), "elements.1.components"),
        (
            element(Component(Kind.ENERGY, D(1)), Component(Kind.ENERGY, D(2))),
            "elements.1.components",
        ),
        (element(Component(Kind.ENERGY, D(-1))), "elements.1.components"),
        (element(Component(Kind.ENERGY, D("Infinity"))), "elements.1.components"),
        (element(Component(Kind.MIN_PRICE, D(1))), "elements.1.components"),
        (element(Component(Kind.TIME, D(1), -60)), "elements.1.components"),
        (element(Component(Kind.FLAT, D(1), 60)), "elements.1.components"),
        (
            element(Component(Kind.ENERGY, D(1), 0, (Tax(TaxCode.PBJT, D(3)),))),
            "elements.1.components",
        ),
        (
            element(Component(Kind.ENERGY, D(1), 0, (Tax(TaxCode.VAT, D(101)),))),
            "elements.1.components",
        ),
        (
            element(Component(Kind.ENERGY, D(1)), min_energy_wh=5, max_energy_wh=5),
            "elements.1.restrictions.energy_wh",
        ),
        (
            element(Component(Kind.ENERGY, D(1)), max_power_w=0),
            "elements.1.restrictions.power_w",
        ),
        (
            element(Component(Kind.ENERGY, D(1)), min_idle_s=-1),
            "elements.1.restrictions.min_idle_s",
        ),
        (
            element(
                Component(Kind.ENERGY, D(1)),
                start_date=date(2026, 1, 2),
                end_date=date(2026, 1, 1),
            ),
            "elements.1.restrictions.end_date",
        ),
        (
            element(Component(Kind.ENERGY, D(1)), days=frozenset({0})),
            "elements.1.restrictions.days",
        ),
    ],
)
def test_rules_that_cannot_be_priced_are_refused(template, actor, rules, field):
    with pytest.raises(InvalidError) as refused:
        publish_version(template, rules=rules, actor=actor)
    assert refused.value.field == field
    assert template.versions.count() == 1


def test_tariff_without_a_name_is_refused(actor):
    with pytest.raises(InvalidError):
        create_template(make_cpo(), name="  ", rules=PLAIN, actor=actor)
