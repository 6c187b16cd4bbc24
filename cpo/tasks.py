"""The sweeps of companies and people."""

from __future__ import annotations

from celery import shared_task

from cpo.services import idempotency


@shared_task
def forget_old_idempotency_keys() -> int:
    return idempotency.forget_old_keys()
