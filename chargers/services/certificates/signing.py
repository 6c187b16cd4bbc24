"""From a request to a certificate at the charger, its renewal, its end (white paper A02, A03)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _

from chargers.models import (
    CertificateStatus,
    Charger,
    ChargerCertificate,
    Command,
    CommandStatus,
    Registration,
)
from chargers.ocpp.credentials import names_charger, names_cpo
from chargers.selectors.configuration import known_number
from chargers.services.certificates.authority import issuing_authority, sign_leaf
from chargers.services.commands import queue_command
from chargers.states import CHARGER_CERTIFICATE
from cpo.models import User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError

ACTOR: Final = "certificate authority"
LONGEST_CHAIN: Final = 10_000
_RSA_BITS: Final = 2048
_EC_BITS: Final = 256
_DELIVERY_S: Final = 24 * 3600
_ASK_EVERY: Final = timedelta(days=1)
_RETRY: Final = timedelta(hours=1)
_BATCH: Final = 100


def fault_of_request(
    charger: Charger, text: str
) -> tuple[x509.CertificateSigningRequest | None, str]:
    """The request and "", or why it is not signed, in a sentence."""
    try:
        csr = x509.load_pem_x509_csr(text.strip().encode())
        valid = csr.is_signature_valid
        key = csr.public_key()
    except (ValueError, InvalidSignature, UnsupportedAlgorithm):
        return None, _text("The request is no PEM certificate request.")
    subject = csr.subject
    common = [str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    names = [str(a.value) for a in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    faults = (
        (not valid, _text("The request is not signed by its own key.")),
        (not _is_strong(key), _text("The key is weaker than RSA 2048 or EC 256 bits.")),
        (
            not names_charger(charger, common),
            _text("Its CN names neither this charger's serial number nor its id."),
        ),
        (
            not names_cpo(charger, names),
            _text("Its O is not the CPO's name: set the charger's CpoName first."),
        ),
    )
    return csr, next((fault for wrong, fault in faults if wrong), "")


def sign_request(certificate_id: UUID) -> ChargerCertificate:
    """Check one request, sign it and send it; denied with a reason where it is wrong."""
    with transaction.atomic():
        row = (
            ChargerCertificate.objects.select_for_update(of=("self",))
            .select_related("charger__cpo")
            .get(pk=certificate_id)
        )
        if row.status != CertificateStatus.REQUESTED:
            return row
        csr, fault = fault_of_request(row.charger, row.csr)
        authority = issuing_authority()
        if csr is None or fault:
            return _deny(row, fault)
        if authority is None or authority.parent is None:
            return _deny(row, _text("There is no certificate authority."))
        common = str(csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
        leaf = sign_leaf(
            authority,
            public_key=csr.public_key(),
            common_name=common,
            organisation=row.charger.cpo.name,
            days=settings.CHARGER_CERTIFICATE_DAYS,
        )
        row.chain = _pem(leaf) + authority.certificate_pem
        row.issuer = authority
        row.serial = f"{leaf.serial_number:x}"
        row.subject = leaf.subject.rfc4514_string()[:300]
        row.not_after = leaf.not_valid_after_utc
        limit = known_number(row.charger_id, "CertificateSignedMaxChainSize") or LONGEST_CHAIN
        if len(row.chain) > min(limit, LONGEST_CHAIN):
            row.chain = _pem(leaf)
        return _send(row)


def sign_waiting_requests() -> int:
    """Requests whose nudge was lost; how many were looked at."""
    waiting = ChargerCertificate.objects.filter(status=CertificateStatus.REQUESTED)
    pks = list(waiting.order_by("requested_at").values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        sign_request(pk)
    return len(pks)


def follow_signed(command: Command) -> None:
    """Follower of CertificateSigned."""
    row = ChargerCertificate.objects.select_for_update().filter(command=command).first()
    if row is None or command.status != CommandStatus.ANSWERED:
        return
    taken = command.response_status == "Accepted"
    status = CertificateStatus.INSTALLED if taken else CertificateStatus.REFUSED
    if CHARGER_CERTIFICATE.allows(row.status, status):
        row.status = status
        row.save(update_fields=["status"])


def revoke_certificate(
    certificate: ChargerCertificate, *, actor: User | str, reason: str = ""
) -> ChargerCertificate:
    """Refused at the door from now on. Raises ConflictError for one that is not in use."""
    with transaction.atomic():
        row = ChargerCertificate.objects.select_for_update(of=("self",)).get(pk=certificate.pk)
        CHARGER_CERTIFICATE.check(row.status, CertificateStatus.REVOKED)
        row.status = CertificateStatus.REVOKED
        row.revoked_at = clock.now()
        row.save(update_fields=["status", "revoked_at"])
        audit.record(
            actor=actor,
            action="charger_certificate.revoke",
            subject=row,
            after={"serial": row.serial},
            cpo=row.charger.cpo,
            reason=reason,
        )
    return row


def ask_for_request(charger: Charger, *, actor: User | str) -> Command:
    """Ask the charger for a SignCertificate. Raises ConflictError without an authority."""
    if issuing_authority() is None:
        detail = _("Create the certificate authority first: manage.py create_charger_ca.")
        raise ConflictError(detail, code="ca_missing")
    payload = {"requestedMessage": "SignChargePointCertificate"}
    return queue_command(charger, action="ExtendedTriggerMessage", payload=payload, actor=actor)


def renew_certificates() -> int:
    """Ask for a new request where a certificate ends soon, once a day; how many were asked."""
    now = clock.now()
    soon = now + timedelta(days=settings.CHARGER_CERTIFICATE_RENEW_DAYS)
    due = ChargerCertificate.objects.filter(
        Q(renewal_asked_at__isnull=True) | Q(renewal_asked_at__lt=now - _ASK_EVERY),
        status=CertificateStatus.INSTALLED,
        not_after__gt=now,
        not_after__lt=soon,
        charger__presence__online=True,
        charger__registration=Registration.ACCEPTED,
        charger__retired_at__isnull=True,
    ).select_related("charger")
    asked = 0
    for row in due[:_BATCH]:
        if _has_newer(row):
            continue
        with transaction.atomic():
            ask_for_request(row.charger, actor="beat: renew_certificates")
            row.renewal_asked_at = now
            row.save(update_fields=["renewal_asked_at"])
        asked += 1
    return asked


def send_again() -> int:
    """Certificates that never reached their charger, while it is connected; how many."""
    lost = ChargerCertificate.objects.filter(
        status=CertificateStatus.SENT,
        command__status__in=(
            CommandStatus.EXPIRED,
            CommandStatus.TIMED_OUT,
            CommandStatus.CANCELLED,
            CommandStatus.FAILED,
        ),
        command__created_at__lt=clock.now() - _RETRY,
        not_after__gt=clock.now(),
        charger__presence__online=True,
        charger__retired_at__isnull=True,
    ).select_related("charger")
    count = 0
    for row in lost[:_BATCH]:
        with transaction.atomic():
            row.command = _signed_command(row)
            row.save(update_fields=["command"])
        count += 1
    return count


def _has_newer(row: ChargerCertificate) -> bool:
    newer = ChargerCertificate.objects.filter(charger=row.charger_id, not_after__gt=row.not_after)
    return newer.filter(status=CertificateStatus.INSTALLED).exists()


def _deny(row: ChargerCertificate, fault: str) -> ChargerCertificate:
    row.status = CertificateStatus.DENIED
    row.reason = fault[:300]
    row.save(update_fields=["status", "reason"])
    return row


def _send(row: ChargerCertificate) -> ChargerCertificate:
    row.status = CertificateStatus.SENT
    row.command = _signed_command(row)
    row.save()
    audit.record(
        actor=ACTOR,
        action="charger_certificate.sign",
        subject=row,
        after={"serial": row.serial, "subject": row.subject},
        cpo=row.charger.cpo,
    )
    return row


def _signed_command(row: ChargerCertificate) -> Command:
    return queue_command(
        row.charger,
        action="CertificateSigned",
        payload={"certificateChain": row.chain},
        actor=ACTOR,
        deadline_s=_DELIVERY_S,
    )


def _is_strong(key: object) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= _RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.key_size >= _EC_BITS


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
