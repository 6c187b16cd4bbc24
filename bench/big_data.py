"""Measure lists, details, figures and pages with much data: `python -m bench.big_data`.

Seeds a PostgreSQL of its own with 10,000 chargers and 1,000,000 billed sessions (deleted
afterwards), asks each address some times within one process and prints JSON: median and p95 of
the server's time in ms, the most queries, and what missed its target.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import statistics
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from bench.ledger import bring_up

# Milliseconds and queries. The dashboard's is a median, the others are p95.
TARGETS: Final = {"dashboard_ms": 150, "api_ms": 50, "page_ms": 200, "page_queries": 15}
PAGES: Final = (
    "overview", "", "sessions", "wallet", "tariffs", "tokens", "reservations", "power",
    "notifications", "company", "company/team", "company/keys", "company/webhooks", "company/log",
)  # fmt: skip
ADMIN: Final = (
    "", "chargers/charger/", "chargers/connector/", "chargers/chargingsession/",
    "chargers/command/", "chargers/location/", "payments/bill/", "payments/settlement/",
    "payments/paymentintent/", "cpo/cpo/", "cpo/auditentry/", "chargers/tariffassignment/",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.big_data", description=__doc__)
    parser.add_argument("--chargers", type=int, default=10_000)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20, help="requests per address")
    parser.add_argument("--data-dir", default=None, help="where the database is put")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="uniev-bench-", dir=options.data_dir))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        bring_up(folder, stack, 4)
        print(json.dumps(_measure(options), indent=2))


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from bench.seed import seed
    from chargers.services.session_hours.recounting import prove_hours, recount_stale_hours

    logging.disable(logging.WARNING)
    begin = time.perf_counter()
    seed(chargers=options.chargers, sessions=options.sessions)
    seeded = time.perf_counter()
    hours = recount_stale_hours()
    counted = time.perf_counter()
    unequal = len(prove_hours())
    proven = time.perf_counter()
    found = {name: _figures(call, options.rounds) for name, call in _calls().items()}
    return {
        "configuration": {"cores": os.cpu_count(), "load": os.getloadavg()[0], **vars(options)},
        "targets": TARGETS,
        "seed_s": round(seeded - begin, 1),
        "recount": {"hours": hours, "seconds": round(counted - seeded, 1)},
        "proof": {"unequal": unequal, "seconds": round(proven - counted, 1)},
        "addresses": found,
        "missed": [name for name, figures in found.items() if _missed(name, figures)],
    }


def _calls() -> dict[str, Any]:
    """Address → what asks it, as a person or key of the largest company, or as staff."""
    from django.conf import settings
    from django.test import Client

    from chargers.models import Charger, ChargingSession
    from cpo.models import CPO, Membership, Role, User
    from cpo.services.api_keys import create_api_key

    settings.ALLOWED_HOSTS = ["*"]
    # Names without hashes: nobody collects static files for a bench.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    company = CPO.objects.earliest("pk")
    owner = User.objects.create_user("owner")
    Membership.objects.create(user=owner, cpo=company, role=Role.OWNER)
    staff = User.objects.create_superuser("staff")
    portal, desk, api = Client(), Client(), Client()
    portal.force_login(owner)
    desk.force_login(staff)
    session = ChargingSession.objects.filter(cpo=company).earliest("pk")
    charger = Charger.objects.filter(cpo=company).earliest("pk")
    keys = {
        who: create_api_key(name=who, cpo=cpo, scopes=(), actor="bench")[1]
        for who, cpo in (("company", company), ("platform", None))
    }
    paths = (
        "analytics/dashboard", "chargers", "chargers?offset=4000", "chargers?search=BIG-000",
        f"chargers/{charger.identity}", "sessions", "sessions?offset=90000",
        "sessions?status=ended&limit=200", f"sessions?charger_id={charger.identity}",
        f"sessions/{session.pk}",
    )  # fmt: skip
    calls: dict[str, Any] = {}
    for who, key in keys.items():
        header = {"Authorization": f"Api-Key {key}"}
        for path in paths:
            calls[f"api {path} ({who})"] = (api, f"/api/{path}", header)
    own = (*PAGES, f"sessions/{session.transaction_id}", f"chargers/{charger.pk}")
    calls |= {f"page /{path}": (portal, f"/{path}", {}) for path in own}
    calls |= {f"admin {path}": (desk, f"/admin/{path}", {}) for path in ADMIN}
    return calls


def _figures(call: Any, rounds: int) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, path, headers = call
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers=headers)
    if response.status_code != 200:
        return {"status": response.status_code, "body": response.content[:300].decode()}
    times = []
    for _round in range(rounds):
        begin = time.perf_counter()
        client.get(path, headers=headers)
        times.append((time.perf_counter() - begin) * 1000)
        if sum(times) > 10_000:
            break
    slowest = max(queries.captured_queries, key=lambda query: float(query["time"]), default=None)
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return {
        "median_ms": round(statistics.median(times), 1),
        "p95_ms": round(p95, 1),
        "queries": len(queries),
        "slowest_query_ms": round(float(slowest["time"]) * 1000) if slowest else 0,
        "slowest_query": slowest["sql"][:300] if slowest and p95 > TARGETS["api_ms"] else "",
    }


def _missed(name: str, figures: dict[str, Any]) -> bool:
    if "median_ms" not in figures:
        return True
    if "dashboard" in name:
        return bool(figures["median_ms"] > TARGETS["dashboard_ms"])
    if name.startswith("api"):
        return bool(figures["p95_ms"] > TARGETS["api_ms"])
    slow = figures["p95_ms"] > TARGETS["page_ms"]
    return bool(slow or figures["queries"] > TARGETS["page_queries"])


if __name__ == "__main__":
    main()
