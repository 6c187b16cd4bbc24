"""Every report there is, in the order in which people choose from them."""

from __future__ import annotations

from typing import Final

from unievp.web.reports.energy import ENERGY
from unievp.web.reports.payments import PAYMENTS
from unievp.web.reports.report import Report
from unievp.web.reports.settlements import SETTLEMENTS
from unievp.web.reports.transactions import TRANSACTIONS
from unievp.web.reports.uptime import UPTIME

REPORTS: Final[dict[str, Report]] = {
    report.name: report for report in (TRANSACTIONS, ENERGY, UPTIME, PAYMENTS, SETTLEMENTS)
}
