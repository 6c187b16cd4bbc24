"""SignCertificate requests, kept at once and looked at later (white paper A02.FR.11, A02.FR.12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from chargers.events import CertificateRequested
from chargers.models import (
    AuthorityRole,
    CertificateAuthority,
    CertificateStatus,
    ChargerCertificate,
)
from chargers.store.work import CertificateRequest
from unievp.lib.events import publish


def take_requests(items: Sequence[tuple[int, datetime, CertificateRequest]]) -> list[str]:
    """“Accepted” with a row for each, “Rejected” while there is no authority.

    A request that comes while another of the charger is open takes its place.
    """
    has_authority = CertificateAuthority.objects.filter(
        role=AuthorityRole.INTERMEDIATE, active=True
    ).exists()
    if not has_authority:
        return ["Rejected"] * len(items)
    for charger_pk, received_at, request in sorted(items, key=lambda item: item[0]):
        row, _created = ChargerCertificate.objects.update_or_create(
            charger_id=charger_pk,
            status=CertificateStatus.REQUESTED,
            defaults={"csr": request.csr, "requested_at": received_at},
        )
        publish(CertificateRequested(str(row.pk)))
    return ["Accepted"] * len(items)
