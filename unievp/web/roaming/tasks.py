"""Nudges and sweeps where roaming meets the rest of the house."""

from __future__ import annotations

from celery import shared_task

from ocpi import events
from unievp.web.roaming import tickets


def on_cdr_differs(event: events.CdrDiffers) -> None:
    report_cdr.apply_async((event.cdr_id,), retry=False)


def on_cdr_missing(event: events.CdrMissing) -> None:
    report_missing.apply_async((event.session_id,), retry=False)


@shared_task
def report_cdr(cdr_id: int) -> None:
    tickets.report_cdr(cdr_id)


@shared_task
def report_missing(session_id: int) -> None:
    tickets.report_missing(session_id)


@shared_task
def sweep_roaming_tickets() -> int:
    return tickets.sweep_roaming()
