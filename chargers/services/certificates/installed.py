"""The roots that a charger trusts: asked for, kept, installed and deleted (white paper M03-M05)."""

from __future__ import annotations

from typing import Any, Final

from cryptography import x509
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import (
    CertificateUse,
    Charger,
    Command,
    CommandStatus,
    InstalledCertificate,
)
from chargers.services.commands import queue_command
from cpo.models import User
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError

_LONGEST: Final = 5500
_MOST: Final = 100


def install_root(
    charger: Charger, *, use: CertificateUse, certificate: str, actor: User | str
) -> Command:
    """Raises InvalidError for what is no PEM certificate of at most 5500 characters."""
    text = certificate.strip()
    if len(text) > _LONGEST:
        raise InvalidError(_("At most 5500 characters."), field="certificate")
    try:
        x509.load_pem_x509_certificate(text.encode())
    except ValueError as error:
        raise InvalidError(_("This is no PEM certificate."), field="certificate") from error
    payload = {"certificateType": use.value, "certificate": text}
    return queue_command(charger, action="InstallCertificate", payload=payload, actor=actor)


def ask_installed(charger: Charger, *, use: CertificateUse, actor: User | str) -> Command:
    payload = {"certificateType": use.value}
    return queue_command(charger, action="GetInstalledCertificateIds", payload=payload, actor=actor)


def delete_root(
    installed: InstalledCertificate, *, actor: User | str, insist: bool = False
) -> Command:
    """By the hash algorithm it was reported with (M04.FR.07).

    Raises ConflictError for the last root of the central system, unless `insist`: without one the
    charger trusts nobody over TLS.
    """
    central = CertificateUse.CENTRAL_SYSTEM_ROOT
    others = InstalledCertificate.objects.filter(charger=installed.charger, use=central)
    if installed.use == central and not insist and not others.exclude(pk=installed.pk).exists():
        detail = _(
            "This is the charger's last root of the central system: it would lock itself out."
        )
        raise ConflictError(detail, code="last_root")
    hashes = {
        "hashAlgorithm": installed.hash_algorithm,
        "issuerNameHash": installed.issuer_name_hash,
        "issuerKeyHash": installed.issuer_key_hash,
        "serialNumber": installed.serial_number,
    }
    payload = {"certificateHashData": hashes}
    return queue_command(
        installed.charger, action="DeleteCertificate", payload=payload, actor=actor
    )


def follow_installed_ids(command: Command) -> None:
    """Follower of GetInstalledCertificateIds: what it reports replaces what we knew."""
    response = command.response
    use = command.payload.get("certificateType")
    if command.status != CommandStatus.ANSWERED or use not in CertificateUse.values:
        return
    if not isinstance(response, dict):
        return
    reported = response.get("certificateHashData")
    if response.get("status") not in {"Accepted", "NotFound"}:
        return
    items = reported if isinstance(reported, list) else []
    rows = [row for item in items[:_MOST] if (row := _row(command.charger_id, use, item))]
    with transaction.atomic():
        InstalledCertificate.objects.filter(charger_id=command.charger_id, use=use).delete()
        InstalledCertificate.objects.bulk_create(rows, ignore_conflicts=True)


def follow_change(command: Command) -> None:
    """Follower of InstallCertificate and DeleteCertificate."""
    accepted = command.status == CommandStatus.ANSWERED and command.response_status == "Accepted"
    if not accepted:
        return
    hashes = command.payload.get("certificateHashData")
    if isinstance(hashes, dict):
        InstalledCertificate.objects.filter(
            charger_id=command.charger_id,
            issuer_name_hash=hashes.get("issuerNameHash"),
            issuer_key_hash=hashes.get("issuerKeyHash"),
            serial_number=hashes.get("serialNumber"),
        ).delete()
        return
    use = command.payload.get("certificateType")
    if use in CertificateUse.values:
        actor = command.requested_by or command.requested_label
        ask_installed(command.charger, use=CertificateUse(use), actor=actor)


def _row(charger_pk: int, use: str, item: Any) -> InstalledCertificate | None:
    if not isinstance(item, dict):
        return None
    values = {
        name: item.get(key)
        for name, key in (
            ("hash_algorithm", "hashAlgorithm"),
            ("issuer_name_hash", "issuerNameHash"),
            ("issuer_key_hash", "issuerKeyHash"),
            ("serial_number", "serialNumber"),
        )
    }
    lengths = {"hash_algorithm": 16, "serial_number": 40}
    texts = {
        name: value.replace("\x00", "")[: lengths.get(name, 128)]
        for name, value in values.items()
        if isinstance(value, str)
    }
    if len(texts) < len(values):
        return None
    return InstalledCertificate(charger_id=charger_pk, use=use, reported_at=clock.now(), **texts)
