"""The demo data set of contract §1."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from chargers.models import Charger, Connector, IdToken, Location, PowerType, TariffAssignment
from cpo.models import CPO, CPOStatus, Driver, Membership, User
from payments.models import CommissionRate, ProviderConfig
from tariffs.models import TariffTemplate
from tickets.models import Ticket, TicketComment
from unievp.web.demo.logins import LOGINS, SAME_FOR_ALL

pytestmark = pytest.mark.django_db

MODELS = (
    User, CPO, Membership, Driver, Location, Charger, Connector, IdToken,
    TariffTemplate, TariffAssignment, CommissionRate, ProviderConfig, Ticket, TicketComment,
)  # fmt: skip


@pytest.fixture
def demo(settings):
    settings.DEBUG = True
    # Not what is tested, and slow on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    call_command("load_demo", "--quiet")


def test_demo_is_refused_when_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG is off"):
        call_command("load_demo")
    assert not User.objects.exists()


def test_demo_has_what_the_contract_lists(demo):
    assert CPO.objects.filter(status=CPOStatus.VERIFIED).count() == 2
    assert CPO.objects.filter(status=CPOStatus.PENDING).count() == 1
    zones = set(Location.objects.values_list("time_zone", flat=True))
    assert zones == {"Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"}
    chargers = Charger.objects.order_by("identity")
    assert [c.identity for c in chargers] == [f"SIM-000{n}" for n in range(1, 7)]
    assert {c.connectors.count() for c in chargers} == {2}
    limits = {(c.power_type == PowerType.DC, c.max_power_w) for c in Connector.objects.all()}
    assert limits == {(False, 22_000), (True, 60_000), (True, 120_000)}
    tokens = IdToken.objects.order_by("token").values_list("token", flat=True)
    assert list(tokens) == [f"DEMO000{n}" for n in range(1, 9)]
    assert not IdToken.objects.filter(driver=None).exists()


def test_demo_shows_tickets_of_a_driver_a_company_and_the_platform(demo):
    rows = Ticket.objects.values_list("cpo__name", "opened_via", "status").order_by("pk")
    assert list(rows) == [
        ("Nusantara Charge", "driver", "in_progress"),
        ("Bali EV Hub", "portal", "waiting"),
        (None, "portal", "open"),
    ]


def test_every_demo_charger_is_of_its_locations_company(demo):
    assert all(c.cpo == c.location.cpo for c in Charger.objects.all())


def test_every_demo_charger_has_a_tariff_in_force(demo):
    assert set(TariffAssignment.objects.values_list("charger__identity", flat=True)) == set(
        Charger.objects.values_list("identity", flat=True)
    )
    assert all(a.template.cpo == a.charger.cpo for a in TariffAssignment.objects.all())


def test_loading_twice_changes_nothing(demo):
    Charger.objects.filter(identity="SIM-0001").update(name="Renamed by hand")
    before = [model.objects.count() for model in MODELS]
    call_command("load_demo", "--quiet")
    assert [model.objects.count() for model in MODELS] == before
    assert Charger.objects.get(identity="SIM-0001").name == "Renamed by hand"


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: login.username)
def test_every_printed_login_works(demo, login):
    client = Client()
    assert client.login(username=login.username, password=SAME_FOR_ALL)
    user = User.objects.get(username=login.username)
    assert user.is_staff == (login.place == "admin")
    assert user.memberships.exists() == (login.place == "portal")


def test_finance_reads_everything_and_is_no_superuser(demo):
    finance = User.objects.get(username="finance")
    assert not finance.is_superuser
    assert finance.has_perm("payments.change_settlement")
    assert finance.has_perm("chargers.view_charger")
    assert not finance.has_perm("chargers.change_charger")
    assert not finance.has_perm("cpo.change_cpo")
