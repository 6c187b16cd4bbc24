"""A company with one row of everything that an address can name: whose pages are walked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from allauth.account.models import EmailAddress

from chargers.models import Command, CommandStatus, ConfigurationKey, Presence, TokenSighting
from chargers.tests.factories import make_token
from cpo.models import CPO, Notification, Role, User
from cpo.services.invitations import invite_member, make_link_token
from cpo.services.notifications.telling import notify
from cpo.services.webhooks.endpoints import create_endpoint
from ocpi.models import Partner, PartnerStatus, PartyRole
from ocpi.services.partners.inviting import invite_partner
from ocpi.services.publishing.locations import refresh_locations
from payments.models import PaymentIntent, ProviderConfig
from payments.services.intents.creating import Wish, create_intent
from payments.services.links import bill_token
from payments.services.settlements import request_settlement
from payments.tests.factories import give
from tickets.models import Ticket
from tickets.services.attaching import File
from tickets.services.changing import Change, change_ticket
from tickets.services.commenting import add_comment
from tickets.services.opening import Contact, Report, open_by_driver
from tickets.services.replying import reply_by_link, reply_token
from unievp.lib import clock
from unievp.web.tests.cast import add_charger, person, start_session
from unievp.web.tests.charged import Sold, charge


@dataclass(frozen=True)
class Business:
    """`ids` by the names that the addresses of pages use."""

    cpo: CPO
    owner: User
    ids: dict[str, object]


def make_business() -> Business:
    sold = charge("Nusantara Charge")
    cpo, charger = sold.charger.cpo, sold.charger
    assert sold.session.tariff_version is not None
    EmailAddress.objects.create(
        user=sold.owner, email=sold.owner.email, verified=True, primary=True
    )
    _place(sold)
    give(cpo, 2_450_000)
    request_settlement(cpo, actor=person("money@nusantara.example", cpo, Role.FINANCE))
    webhook = create_endpoint(
        cpo, url="https://hooks.nusantara.example/", event_types=["*"], actor=sold.owner
    )
    invited = invite_member(cpo, email="new@nusantara.example", role=Role.VIEWER, actor=sold.owner)
    _add_field(sold)
    ticket = _discuss(sold)
    notify([sold.owner], event="charger.offline", key="1", args={"charger": charger.identity})
    return Business(
        cpo,
        sold.owner,
        {
            "charger_pk": charger.pk,
            "transaction_id": sold.session.transaction_id,
            "tariff": sold.session.tariff_version.template_id,
            "site": charger.location_id,
            "webhook": webhook.pk,
            "partner": _roam(sold).pk,
            "ticket": ticket.number,
            "reply": reply_token(ticket),
            "notification": Notification.objects.get().pk,
            "identity": charger.identity,
            "secret": _intent(sold).secret,
            "bill": bill_token(sold.bill),
            "invitation": make_link_token(invited),
        },
    )


def _roam(sold: Sold) -> Partner:
    """A connected partner that has not taken one thing."""
    partner, _token = invite_partner(name="Acme Mobility", cpo=sold.charger.cpo, actor=sold.owner)
    now = clock.now()
    partner.status, partner.version, partner.token = PartnerStatus.REGISTERED, "2.2.1", "theirs"
    partner.versions_url = "https://acme.example/ocpi/versions"
    partner.registered_at = partner.last_heard_at = partner.last_reached_at = now
    partner.last_error, partner.last_error_at = "HTTP 500", now
    partner.save()
    for module, side in (("locations", "RECEIVER"), ("tokens", "SENDER")):
        url = f"https://acme.example/ocpi/2.2.1/{module}"
        partner.endpoints.create(identifier=module, role=side, url=url)
    partner.parties.create(role=PartyRole.EMSP, country_code="NL", party_id="ACM", name="Acme")
    partner.pushes.create(
        module="locations", object_id="L1", status="dead", error="HTTP 500", marked_at=now,
        next_at=now,
    )  # fmt: skip
    partner.exchanges.create(
        at=now, direction="out", module="locations", method="PUT", http_status=500,
        url="https://acme.example/ocpi/2.2.1/locations/ID/NUS/L1", error="HTTP 500",
        duration_ms=412, request='{"id": "L1"}', response="<html>",
    )  # fmt: skip
    refresh_locations([sold.charger.location_id])
    return partner


def _place(sold: Sold) -> None:
    cpo, location = sold.charger.cpo, sold.charger.location
    cpo.bank_code, cpo.bank_account_number = "BCA", "0123456789"
    cpo.bank_account_name = cpo.legal_name = "PT Nusantara Daya Kendaraan"
    cpo.save()
    location.name, location.address, location.city = "Senayan", "Jl. Gerbang Pemuda", "Jakarta"
    location.latitude, location.longitude = Decimal("-6.2"), Decimal("106.8")
    location.save()
    sold.charger.name, sold.charger.vendor, sold.charger.model = "Fast lane", "Voltaris", "DC-120"
    sold.charger.save()
    Presence.objects.update_or_create(
        charger=sold.charger, defaults={"online": True, "last_seen_at": clock.now()}
    )


def _add_field(sold: Sold) -> None:
    """What a board shows: a charge, a fault, a lost line; what a charger was asked and said."""
    now, location = clock.now(), sold.charger.location
    faulted, lost = (add_charger(location, f"NUSANTARA-{n:04d}", online=n == 2) for n in (2, 3))
    faulted.connectors.filter(number=1).update(
        status="Faulted", error_code="GroundFailure", vendor_error_code="E-1042"
    )
    start_session(faulted.connectors.get(number=2))
    Presence.objects.filter(charger=lost).update(last_seen_at=now - timedelta(hours=3))
    for action, status, answer in (
        ("Reset", CommandStatus.ANSWERED, "Accepted"),
        ("UnlockConnector", CommandStatus.ANSWERED, "UnlockFailed"),
        ("ChangeAvailability", CommandStatus.EXPIRED, ""),
    ):
        Command.objects.create(
            charger=sold.charger,
            action=action,
            payload={},
            status=status,
            response_status=answer,
            requested_label="owner@nusantara.example",
            created_at=now,
            deadline_at=now,
        )
    ConfigurationKey.objects.create(
        charger=sold.charger, key="HeartbeatInterval", value="300", read_at=now
    )
    make_token("04A2B3C4D5", cpo=location.cpo, label="Budi")
    TokenSighting.objects.create(
        tag="04FFEE0011",
        cpo=location.cpo,
        charger=sold.charger,
        status="Invalid",
        first_seen_at=now,
        last_seen_at=now,
    )


def _discuss(sold: Sold) -> Ticket:
    """A driver's report with a note, an answer, a file and a reply."""
    report = Report(
        category="session",
        subject="It stopped in the middle",
        description="The screen went dark after ten minutes.",
        session=sold.session,
    )
    ticket = open_by_driver(report, contact=Contact(name="Budi", email="budi@driver.example"))
    note = "The fuse again. Third time this month."
    add_comment(ticket, body=note, actor=sold.owner, via="portal", internal=True)
    paper = File("reading.pdf", b"%PDF-1.7 example")
    add_comment(ticket, body="We look at it.", actor=sold.owner, via="portal", files=[paper])
    reply_by_link(reply_token(ticket), body="Thank you!")
    change_ticket(ticket, Change(assignee=sold.owner, priority="urgent"), actor=sold.owner)
    return ticket


def _intent(sold: Sold) -> PaymentIntent:
    """A payment that waits for its gateway: the page of a driver who has just ordered."""
    ProviderConfig.objects.create(
        provider="xendit",
        environment="sandbox",
        name="Gateway",
        methods=["qris", "va_bca"],
        api_key="xnd_development_example",
        webhook_secret="hook-secret",
        base_url="http://127.0.0.1:9",
    )
    wish = Wish(
        100_000, "qris", charger=sold.charger, connector=sold.charger.connectors.get(number=1)
    )
    return create_intent(sold.charger.cpo, wish, created_by="test")
