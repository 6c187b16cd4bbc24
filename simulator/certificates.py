"""A charger's keys and certificates (security white paper, edition 2): its own, and whom it trusts.

The charger makes a key pair, asks for a certificate by SignCertificate, and takes the one that
fits its key. Root certificates are installed, listed and deleted by their hashes.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

HASHES: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "SHA256": hashes.SHA256,
    "SHA384": hashes.SHA384,
    "SHA512": hashes.SHA512,
}
CENTRAL_SYSTEM: Final = "CentralSystemRootCertificate"


@dataclass
class Certificates:
    """`chain` is the charger's own certificate first, empty until it got one."""

    roots: dict[str, list[x509.Certificate]] = field(default_factory=dict)
    chain: list[x509.Certificate] = field(default_factory=list)
    key: ec.EllipticCurvePrivateKey | None = None
    _asked_with: ec.EllipticCurvePrivateKey | None = None

    def request(self, serial_number: str, organisation: str) -> str:
        """A PEM request for a new key: CN is the serial number, O the CPO (A02.FR.05, FR.06)."""
        self._asked_with = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, serial_number),
            ]
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(subject)
        signed = request.sign(self._asked_with, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def take_signed(self, pem: str) -> bool:
        """Whether the first certificate of the chain is for the key that was asked for."""
        try:
            chain = x509.load_pem_x509_certificates(pem.encode())
        except ValueError:
            return False
        if self._asked_with is None or chain[0].public_key() != self._asked_with.public_key():
            return False
        self.key, self.chain, self._asked_with = self._asked_with, chain, None
        return True

    def install(self, kind: str, pem: str, most: int) -> str:
        """Accepted, Rejected (no certificate at all) or Failed (no room)."""
        try:
            certificate = x509.load_pem_x509_certificate(pem.encode())
        except ValueError:
            return "Rejected"
        if sum(map(len, self.roots.values())) >= most:
            return "Failed"
        installed = self.roots.setdefault(kind, [])
        if certificate not in installed:
            installed.append(certificate)
        return "Accepted"

    def listed(self, kind: str) -> list[dict[str, str]]:
        return [hash_data(each, "SHA256") for each in self.roots.get(kind, ())]

    def delete(self, wanted: dict[str, Any]) -> str:
        """Accepted, NotFound, or Failed for the last root of the central system."""
        algorithm = str(wanted["hashAlgorithm"])
        wanted_hash = {name: str(value).lower() for name, value in wanted.items()}
        for kind, installed in self.roots.items():
            for certificate in installed:
                found = hash_data(certificate, algorithm)
                if {name: value.lower() for name, value in found.items()} != wanted_hash:
                    continue
                if kind == CENTRAL_SYSTEM and len(installed) == 1:
                    return "Failed"
                installed.remove(certificate)
                return "Accepted"
        return "NotFound"


def hash_data(certificate: x509.Certificate, algorithm: str) -> dict[str, str]:
    """CertificateHashData of a self-signed root: issuer and subject are one."""
    bits = certificate.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "hashAlgorithm": algorithm,
        "issuerNameHash": _digest(certificate.issuer.public_bytes(), algorithm),
        "issuerKeyHash": _digest(bits, algorithm),
        "serialNumber": f"{certificate.serial_number:x}",
    }


def signing_certificate(pem: str) -> x509.Certificate | None:
    """The certificate that a firmware image is signed with, None where it cannot be read."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None


def is_signed_by(certificate: x509.Certificate, signature: str, content: bytes) -> bool:
    """Whether the Base64 `signature` over SHA-256 of `content` is the certificate's."""
    key = certificate.public_key()
    try:
        raw = base64.b64decode(signature, validate=True)
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(raw, content, padding.PKCS1v15(), hashes.SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(raw, content, ec.ECDSA(hashes.SHA256()))
        else:
            return False
    except (InvalidSignature, binascii.Error):
        return False
    return True


def _digest(content: bytes, algorithm: str) -> str:
    digest = hashes.Hash(HASHES[algorithm]())
    digest.update(content)
    return digest.finalize().hex()
