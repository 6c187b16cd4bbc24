"""A change as another process tells it: the test's thread belongs to the browser's event loop."""

from __future__ import annotations

import threading

from django.db import connections

from chargers import live
from unievp.web.tests.cast import Company


def tell(company: Company) -> None:
    def broadcast() -> None:
        live.chargers_changed({company.cpo.pk: [company.charger.pk]})
        connections.close_all()

    thread = threading.Thread(target=broadcast)
    thread.start()
    thread.join(10)
