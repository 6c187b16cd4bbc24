"""Staff reserve connectors, change and cancel reservations, and read what the charger said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import translation

from chargers.models import Command, Connector, ConnectorStatusChange, Reservation
from chargers.services import outcomes
from chargers.services.reservations.asking import reserve
from chargers.services.reservations.cancelling import cancel_reservation
from chargers.tests.factories import make_charger
from cpo.models import User
from unievp.lib import clock
from unievp.web.tests.rows import make_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english(client):
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def root(client):
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return user


@pytest.fixture
def reader(client):
    """Staff who may look at everything and change nothing."""
    user = User.objects.create_user("reader", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user)
    return user


@pytest.fixture
def charger():
    return make_charger(connectors=2, tariff=False)


def page(row, name):
    return reverse(f"admin:chargers_{row._meta.model_name}_{name}", args=(row.pk,))


def answer(command, status):
    Command.objects.filter(pk=command.pk).update(status="sent", sent_at=clock.now())
    assert outcomes.mark_answered(command.pk, response={"status": status})


def made(charger, status="Accepted"):
    expires_at = clock.now() + timedelta(hours=1)
    row = reserve(charger, connector_number=1, id_tag="TAG1", expires_at=expires_at, actor="test")
    answer(row.command, status)
    row.refresh_from_db()
    return row


FORM = {"connector_number": "2", "id_tag": "TAG1", "minutes": "30"}


def test_connector_is_reserved_from_the_chargers_page(client, root, charger):
    response = client.post(page(charger, "reserve"), FORM)
    row = Reservation.objects.get()
    assert response.url == page(row, "change")
    assert (row.connector_number, row.id_tag, row.status) == (2, "TAG1", "requested")
    assert row.created_by == root
    minutes = (row.expires_at - row.created_at).total_seconds() / 60
    assert 29 < minutes <= 30


def test_connectors_own_page_leads_there_with_its_number(client, root, charger):
    connector = Connector.objects.get(charger=charger, number=2)
    response = client.get(page(connector, "reserve"), follow=True)
    assert response.context["form"]["connector_number"].value() == "2"


def test_expected_refusal_is_told_on_the_form_and_insisting_asks(client, root, charger):
    Connector.objects.update(status="Charging", status_at=clock.now())
    response = client.post(page(charger, "reserve"), FORM)
    assert response.status_code == 200
    assert response.context["form"].non_field_errors()
    assert not Command.objects.exists()
    client.post(page(charger, "reserve"), FORM | {"insist": "on"})
    assert Command.objects.get().action == "ReserveNow"


@pytest.mark.parametrize(
    ("name", "value"), [("connector_number", "9"), ("id_tag", "x" * 21), ("minutes", "0")]
)
def test_wrong_field_is_named(client, root, charger, name, value):
    response = client.post(page(charger, "reserve"), FORM | {name: value})
    assert list(response.context["form"].errors) == [name]
    assert not Reservation.objects.exists()


def test_chargers_answer_is_shown_in_words(client, root, charger):
    row = made(charger, "Occupied")
    content = client.get(page(row, "change")).content.decode()
    assert "Occupied: the connector is in use, or reserved already." in content


def test_status_other_than_reserved_is_a_hint(client, root, charger):
    row = made(charger)
    later = row.started_at + timedelta(seconds=1)
    Connector.objects.filter(number=1).update(status="Reserved", status_at=later)
    assert "The connector shows" not in client.get(page(row, "change")).content.decode()
    Connector.objects.filter(number=1).update(status="Available", status_at=later)
    content = client.get(page(row, "change")).content.decode()
    assert "The connector shows “Available” now." in content


def test_changed_and_cancelled_from_its_own_page(client, root, charger):
    row = made(charger)
    form = {"connector_number": "1", "id_tag": "TAG1", "minutes": "120"}
    assert client.post(page(row, "change_it"), form).url == page(row, "change")
    change = Command.objects.filter(action="ReserveNow").latest("created_at")
    assert change.payload["reservationId"] == row.number
    answer(change, "Accepted")
    row.refresh_from_db()
    assert row.expires_at > clock.now() + timedelta(minutes=100)
    client.post(page(row, "cancel"))
    command = Command.objects.get(action="CancelReservation")
    assert command.payload == {"reservationId": row.number}
    response = client.post(page(row, "cancel"))
    assert response.context["form"].non_field_errors()


def test_what_is_over_offers_nothing_to_decide(client, root, charger):
    row = made(charger)
    assert page(row, "cancel") in client.get(page(row, "change")).content.decode()
    answer(cancel_reservation(row, actor="test").cancel_command, "Accepted")
    content = client.get(page(row, "change")).content.decode()
    assert page(row, "cancel") not in content
    assert page(row, "change_it") not in content
    assert client.post(page(row, "cancel")).status_code == 403


def test_reader_reserves_and_cancels_nothing(client, reader, charger):
    row = made(charger)
    commands = Command.objects.count()
    assert client.get(page(row, "change")).status_code == 200
    urls = (page(charger, "reserve"), page(row, "cancel"), page(row, "change_it"))
    for url in urls:
        assert client.post(url, FORM).status_code == 403
    assert Command.objects.count() == commands


def test_people_of_companies_do_not_come_in(client, charger):
    row = made(charger)
    client.force_login(User.objects.create_user("owner@rival.example"))
    for url in (page(row, "change"), page(row, "cancel"), page(charger, "reserve")):
        assert client.post(url, FORM).status_code in (302, 403)
    row.refresh_from_db()
    assert (row.status, row.cancel_command) == ("active", None)


def test_statuses_without_our_doing_are_hinted_at(client, root, charger):
    row = made(charger)
    for number, minutes, status in (
        (1, 0, "Reserved"),
        (1, 5, "Available"),
        (2, 0, "Reserved"),
    ):
        at = row.started_at + timedelta(minutes=minutes)
        make_row(
            ConnectorStatusChange,
            charger=charger,
            connector_number=number,
            status=status,
            reported_at=at,
            received_at=at,
        )
    url = reverse("admin:chargers_connectorstatuschange_changelist")
    content = client.get(url).content.decode()
    assert content.count("no reservation of ours") == 1
    assert content.count("given up, although it is reserved") == 1
