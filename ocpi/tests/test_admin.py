"""Staff's pages of roaming: they act through services and show what a partner said."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages
from django.urls import reverse

from cpo.models import AuditEntry, User
from ocpi.models import (
    Cdr,
    Partner,
    PartnerStatus,
    PublishedLocation,
    Push,
    PushStatus,
    RoamingToken,
)
from ocpi.services.pushing.sending import push_due
from ocpi.services.selling.cdrs import issue_cdr
from ocpi.tests.calling import Caller, code
from ocpi.tests.driving import charge, push_token, sell, token_body
from ocpi.tests.field import make_site
from ocpi.tests.peer import success
from payments.services.billing import bill_session

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("root", "root@staff.example"))
    return client


def act(staff, row, action, **answer):
    """Answer the question of an action."""
    meta = row._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=(row.pk,))
    return staff.post(url.replace("/change/", f"/{action}/"), answer)


def test_new_partner_gets_a_token_that_is_shown_once(staff, peer, settings):
    response = staff.post(
        reverse("admin:ocpi_partner_add"),
        {
            "name": "Roamer",
            "token_encoding": "base64",
            "margin_percent": "0",
            **{
                f"{prefix}-{name}": "0"
                for prefix in ("parties", "endpoints")
                for name in ("TOTAL_FORMS", "INITIAL_FORMS")
            },
        },
    )
    assert response.status_code == 302
    partner = Partner.objects.get(name="Roamer")
    response = act(staff, partner, "invite")
    token = dict(response.context["secrets"])
    assert "https://uniev.example/ocpi/versions" in token.values()
    (text,) = set(token.values()) - {"https://uniev.example/ocpi/versions"}
    assert code(Caller(text).get("/ocpi/versions")) == (200, 1000)


@pytest.mark.usefixtures("our_party")
def test_we_register_test_renew_pause_and_disconnect(staff, peer):
    partner = Partner.objects.create(name="Roamer")
    act(staff, partner, "connect", versions_url=peer.versions_url, token="their-a")
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.REGISTERED
    assert act(staff, partner, "test").status_code == 302
    act(staff, partner, "renew")
    assert len(peer.calls("PUT")) == 1
    act(staff, partner, "pause")
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.SUSPENDED
    act(staff, partner, "pause")
    act(staff, partner, "disconnect")
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.DISCONNECTED
    actions = set(
        AuditEntry.objects.filter(actor__username="root").values_list("action", flat=True)
    )
    assert {
        "ocpi_partner.connect",
        "ocpi_partner.suspend",
        "ocpi_partner.resume",
        "ocpi_partner.disconnect",
    } <= actions


def test_what_a_partner_answers_is_shown_and_nothing_changes(staff, peer):
    partner = Partner.objects.create(name="Roamer")
    peer.answers["/versions"] = (401, {"status_code": 2000, "status_message": "who are you"})
    response = act(staff, partner, "connect", versions_url=peer.versions_url, token="x")
    assert "who are you" in response.content.decode()
    partner.refresh_from_db()
    assert partner.status == PartnerStatus.INVITED
    response = act(staff, partner, "renew")
    assert response.context["form"].non_field_errors()


def test_tokens_are_fetched_on_demand(staff, partner, peer):
    peer.answers["GET /2.2.1/tokens"] = (200, success([token_body("ONE")]))
    act(staff, partner, "fetch")
    assert RoamingToken.objects.get().uid == "ONE"


def test_dead_push_is_sent_again(staff, partner, peer):
    make_site()
    Push.objects.update(status=PushStatus.DEAD, error="OCPI 2001")
    push = Push.objects.get(module="locations")
    page = staff.get(reverse("admin:ocpi_partner_change", args=(partner.pk,)))
    assert "locations" in page.content.decode()
    act(staff, push, "again")
    assert push_due() == 1
    act(staff, partner, "push")
    assert push_due() == 2
    Push.objects.update(status=PushStatus.DEAD)
    answer = act(staff, partner, "resend")
    assert answer.status_code == 302
    assert any(str(said).startswith("2 ") for said in get_messages(answer.wsgi_request))
    assert push_due() == 2


def test_cdr_is_taken_back_with_a_reason(staff, call, partner):
    site = make_site()
    sell(site)
    cdr = issue_cdr(bill_session(charge(site, push_token(call)["uid"]).pk).pk)
    act(staff, cdr, "credit", reason="wrong meter")
    assert Cdr.objects.get(credits=cdr).ocpi_id == f"{cdr.ocpi_id}-C"
    assert AuditEntry.objects.get(action="ocpi_cdr.credit").reason == "wrong meter"


def test_change_of_a_published_location_is_published_at_once(staff, partner):
    make_site()
    row = PublishedLocation.objects.get()
    prefixes = ("opening_hours", "exceptional_hours", "images")
    answer = {
        f"{prefix}-{name}": "0" for prefix in prefixes for name in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    answer |= {"is_published": "on", "parking_type": "ON_STREET", "facilities": "WIFI,CAFE"}
    url = reverse("admin:ocpi_publishedlocation_change", args=(row.pk,))
    response = staff.post(url, answer)
    assert response.status_code == 302, response.context["adminform"].errors
    row.refresh_from_db()
    assert '"parking_type":"ON_STREET"' in row.body
    assert '"facilities":["CAFE","WIFI"]' in row.body
