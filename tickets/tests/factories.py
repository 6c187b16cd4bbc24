from __future__ import annotations

from typing import Any

from cpo.models import CPO
from cpo.tests.factories import make_user
from tickets.models import Ticket
from tickets.services.opening import Contact, Report, open_by_driver, open_ticket


def make_ticket(cpo: CPO | None = None, *, actor: Any = None, **values: Any) -> Ticket:
    """Opened in the portal; `values` are those of `Report`."""
    report = Report(**{"category": "charger", "subject": "The screen is dark", **values})
    return open_ticket(report, cpo=cpo, actor=actor or make_user(is_staff=True), via="portal")


def make_report(*, contact: Contact | None = None, driver: Any = None, **values: Any) -> Ticket:
    """Of a driver."""
    report = Report(**{"category": "charger", "subject": "The cable is stuck", **values})
    if contact is None and driver is None:
        contact = Contact(name="Sari", email="sari@example.com", language="en")
    return open_by_driver(report, contact=contact, driver=driver)
