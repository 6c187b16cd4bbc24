"""Our own authority: a root that signs one intermediate, which signs chargers' certificates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from chargers.models import (
    AuthorityRole,
    CertificateAuthority,
    CertificateStatus,
    ChargerCertificate,
)
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import ConflictError

_ROOT_DAYS: Final = 20 * 365
_INTERMEDIATE_DAYS: Final = 10 * 365
_BEFORE: Final = timedelta(hours=1)  # chargers' clocks may be behind


def create_authority(name: str, *, actor: str, replace: bool = False) -> CertificateAuthority:
    """A new root and intermediate; the intermediate. The private keys are stored encrypted.

    Raises ConflictError while there is one in use, unless `replace`: then the old ones stay for
    the certificates they signed, and sign no more.
    """
    with transaction.atomic():
        in_use = CertificateAuthority.objects.select_for_update().filter(active=True)
        if in_use.exists() and not replace:
            raise ConflictError(_("There is a certificate authority already."), code="ca_exists")
        for row in in_use:
            row.active = False
            row.save(update_fields=["active"])
        root_key = ec.generate_private_key(ec.SECP256R1())
        root = _store(AuthorityRole.ROOT, f"{name} Root CA", root_key, None, root_key)
        key = ec.generate_private_key(ec.SECP256R1())
        issuing = _store(AuthorityRole.INTERMEDIATE, f"{name} Charger CA", key, root, root_key)
        audit.record(
            actor=actor,
            action="certificate_authority.create",
            subject=issuing,
            after={"name": name},
        )
    return issuing


def issuing_authority() -> CertificateAuthority | None:
    return (
        CertificateAuthority.objects.select_related("parent")
        .filter(role=AuthorityRole.INTERMEDIATE, active=True)
        .first()
    )


def private_key_of(authority: CertificateAuthority) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(authority.private_key.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        message = "The authority's key is not of the kind that create_authority makes"
        raise TypeError(message)
    return key


def sign_leaf(
    authority: CertificateAuthority,
    *,
    public_key: CertificatePublicKeyTypes,
    common_name: str,
    organisation: str,
    days: int,
) -> x509.Certificate:
    """A charger's certificate: for TLS clients alone."""
    now = clock.now()
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    end = min(now + timedelta(days=days), issuer.not_valid_after_utc)
    builder = (
        _builder(_name(common_name, organisation), issuer.subject, public_key, now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    return builder.sign(private_key_of(authority), hashes.SHA256())


def revocation_list() -> str:
    """PEM: one CRL per authority that signs chargers, and an empty one per root, for nginx."""
    return "".join(_crl(row) for row in CertificateAuthority.objects.order_by("pk"))


def trust_chain() -> str:
    """PEM: every root and intermediate whose chargers may come, for `ssl_client_certificate`."""
    rows = CertificateAuthority.objects.order_by("pk").values_list("certificate_pem", flat=True)
    return "".join(rows)


def _crl(authority: CertificateAuthority) -> str:
    now = clock.now()
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(now - _BEFORE)
        .next_update(now + timedelta(days=30))
    )
    revoked = ChargerCertificate.objects.filter(issuer=authority, status=CertificateStatus.REVOKED)
    for serial, at in revoked.values_list("serial", "revoked_at"):
        entry = x509.RevokedCertificateBuilder().serial_number(int(serial or "0", 16))
        builder = builder.add_revoked_certificate(entry.revocation_date(at or now).build())
    crl = builder.sign(private_key_of(authority), hashes.SHA256())
    return crl.public_bytes(serialization.Encoding.PEM).decode()


def _store(
    role: AuthorityRole,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    parent: CertificateAuthority | None,
    signing_key: ec.EllipticCurvePrivateKey,
) -> CertificateAuthority:
    now = clock.now()
    is_root = parent is None
    end = now + timedelta(days=_ROOT_DAYS if is_root else _INTERMEDIATE_DAYS)
    # The year keeps a successor's name apart from its predecessor's.
    subject = _name(f"{name} {now:%Y%m%d%H%M%S}")
    issuer = (
        subject
        if parent is None
        else x509.load_pem_x509_certificate(parent.certificate_pem.encode()).subject
    )
    certificate = (
        _builder(subject, issuer, key.public_key(), now, end)
        .add_extension(
            x509.BasicConstraints(ca=True, path_length=1 if is_root else 0), critical=True
        )
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(signing_key, hashes.SHA256())
    )
    return CertificateAuthority.objects.create(
        role=role,
        name=name,
        parent=parent,
        certificate_pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
        private_key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        not_after=end,
        created_at=now,
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: object, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)  # type: ignore[arg-type]  # checked by who calls
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(end)
    )


def _name(common_name: str, organisation: str = "") -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])]
    if organisation:
        attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]))
    return x509.Name(attributes)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
