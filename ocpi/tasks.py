"""Sweeps and nudges of roaming. Each finds its work in the database and may run twice."""

from __future__ import annotations

from celery import shared_task

from ocpi.services.calling import log


@shared_task
def forget_exchanges() -> int:
    return log.forget_exchanges()
