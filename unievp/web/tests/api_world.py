"""Two companies' worth of everything that an address or a body of the API can name by an id.

A new path parameter gets its row in `make_world`; the permission matrix, the walk through the
contract and the hostile tests then know it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from django.core.management import call_command

from chargers.models import Charger, Command, TariffAssignment, TariffDefault
from cpo.models import CPO
from cpo.services.api_keys import create_api_key
from cpo.services.webhooks.endpoints import create_endpoint, send_test
from cpo.tests.factories import make_user
from ocpi.models import Party, SentCommand
from ocpi.tests.emsp import (
    connect_operator,
    evse_body,
    let_roam,
    make_emsp_party,
    make_place,
    make_session,
)
from payments.models import ProviderConfig
from payments.services.intents.creating import Wish, create_intent
from payments.services.settlements import request_settlement
from payments.tests.factories import give, make_member, make_paid_cpo
from payments.tests.prepaid import make_seller
from tickets.services.attaching import File
from tickets.services.opening import Report, open_ticket
from unievp.lib import clock
from unievp.web.tests.cast import start_session

# Nothing listens there: a gateway that is asked is refused at once.
NO_GATEWAY = "http://127.0.0.1:9"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class World:
    """A company and one row of each kind; `ids` by the names that addresses and bodies use."""

    cpo: CPO
    ids: dict[str, Any]

    def path(self, template: str) -> str:
        """Raises KeyError for a parameter that no row stands for yet."""
        return re.sub(r"\{(\w+)\}", lambda match: str(self.ids[match[1]]), template)

    def body(self, example: Any, keep: frozenset[str] = frozenset()) -> Any:
        """`example` with the ids of this company's rows in the place of its own."""
        if isinstance(example, dict):
            return {
                name: self.ids[name]
                if name in self.ids and name not in keep
                else self.body(value, keep)
                for name, value in example.items()
            }
        if isinstance(example, list):
            return [self.body(part, keep) for part in example]
        return example

    def marks(self) -> set[str]:
        """What a rival must not find in any answer."""
        named = ("cpo_id", "charger_id", "command_id", "payment_id", "provider_id", "webhook_id")
        return {str(self.ids[name]) for name in named}


def make_world(name: str) -> World:
    cpo = make_paid_cpo(name=name)
    charger = make_seller(cpo=cpo, identity=f"{name.upper()}-0001")
    assignment = TariffAssignment.objects.get(charger=charger)
    template = assignment.template
    soon = clock.now() + timedelta(days=3)
    session = start_session(charger.connectors.get(number=2))
    give(cpo, 200_000)
    provider = _provider(cpo)
    wish = Wish(50_000, "qris", charger=charger, connector=charger.connectors.get(number=1))
    key, _text = create_api_key(name="Spare", cpo=cpo, scopes=["chargers:read"], actor="test")
    asked = request_settlement(cpo, actor=make_member(cpo), amount=60_000)
    webhook = create_endpoint(
        cpo, url="https://hooks.example.com/", event_types=["*"], actor=make_user(is_staff=True)
    )
    test_event = send_test(webhook, actor=make_user(is_staff=True))
    command = Command.objects.create(
        charger=charger,
        action="Reset",
        payload={},
        requested_label="test",
        created_at=clock.now(),
        deadline_at=soon,
    )
    return World(
        cpo,
        {
            "cpo_id": str(cpo.pk),
            "charger_id": charger.identity,
            "location_id": charger.location_id,
            "session_id": session.pk,
            "transaction_id": session.transaction_id,
            "command_id": str(command.pk),
            "template_id": template.pk,
            "assignment_id": assignment.pk,
            "default_id": TariffDefault.objects.create(
                cpo=cpo, template=template, valid_from=soon
            ).pk,
            "payment_id": str(create_intent(cpo, wish, created_by="test").pk),
            "provider_id": str(provider.pk),
            "settlement_id": asked.pk,
            "key_id": key.pk,
            "webhook_id": str(test_event.endpoint_id),
            "delivery_id": test_event.pk,
            "provider": provider.provider,
            "slug": str(provider.webhook_slug),
            **_roaming(name),
            **_ticket(charger),
        },
    )


def _ticket(charger: Charger) -> dict[str, Any]:
    report = Report(
        category="charger",
        subject="The screen is dark",
        charger=charger,
        files=(File("screen.png", b"\x89PNG\r\n\x1a\n"),),
    )
    ticket = open_ticket(report, cpo=charger.cpo, actor=make_user(is_staff=True), via="portal")
    return {"ticket_id": ticket.pk, "attachment_id": str(ticket.attachments.get().pk)}


def _roaming(name: str) -> dict[str, Any]:
    """Another company's place, and a driver of the platform who charges there."""
    if not Party.objects.filter(role="EMSP", cpo=None).exists():
        make_emsp_party()
    operator = connect_operator(NoPeer, party=("DE", name[:3].upper()))
    token = let_roam().tokens.get()
    reserved = SentCommand.objects.create(
        partner=operator,
        type="RESERVE_NOW",
        driver=token.contract.driver,
        token=token,
        requested_label="test",
        country_code="DE",
        party_id=name[:3].upper(),
        reservation_id=name,
        status="succeeded",
        result="ACCEPTED",
        created_at=clock.now(),
        deadline_at=clock.now(),
        ended_at=clock.now(),
    )
    return {
        "roaming_location_id": make_place(operator, evses=[evse_body("E12")]).pk,
        "roaming_session_id": make_session(operator, token, name).pk,
        "roaming_command_id": str(reserved.pk),
        "driver_id": str(token.contract.driver_id),
    }


class NoPeer:
    """Nobody is called: commands wait in their rows."""

    url = NO_GATEWAY
    versions_url = f"{NO_GATEWAY}/versions"


def _provider(cpo: CPO) -> ProviderConfig:
    return ProviderConfig.objects.create(
        cpo=cpo,
        provider="xendit",
        environment="sandbox",
        name="Gateway",
        methods=["qris"],
        api_key="xnd_development_example",
        webhook_secret="hook-secret",
        base_url=NO_GATEWAY,
    )


@dataclass(frozen=True)
class Operation:
    """A method of an address, as the published document tells of it."""

    path: str
    method: str
    told: dict[str, Any]

    @property
    def example(self) -> Any:
        """The body that the document shows; None where there is none."""
        content = self.told.get("requestBody", {}).get("content", {})
        examples = content.get("application/json", {}).get("examples", {})
        return next((each["value"] for each in examples.values()), None)

    @property
    def new_names(self) -> frozenset[str]:
        """Ids in the body that a caller invents."""
        return frozenset({"charger_id"} if self.path == "/api/chargers" else ())

    def names(self, place: str) -> set[str]:
        """Of its parameters in `place`: "query", "header" or "path"."""
        return {each["name"] for each in self.told.get("parameters", []) if each["in"] == place}


@cache
def published() -> dict[str, Any]:
    """The OpenAPI document."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "schema.json"
        call_command("spectacular", file=str(file), format="openapi-json")
        document: dict[str, Any] = json.loads(file.read_text())
    return document


def operations() -> dict[tuple[str, str], Operation]:
    """By (method, path)."""
    return {
        (method.upper(), path): Operation(path, method.upper(), told)
        for path, methods in published()["paths"].items()
        for method, told in methods.items()
        if method in METHODS
    }
