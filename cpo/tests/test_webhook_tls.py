"""Webhooks over TLS: the certificate is the name's, though the address was checked and called."""

from __future__ import annotations

import ssl
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cpo.services.webhooks import sending
from cpo.services.webhooks.sending import Parcel, deliver
from unievp.lib import clock

NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with the key and a certificate of NAME, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = clock.now()
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def port(certificate):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args) -> None:
            """Nobody reads it."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_address[1]
    server.shutdown()
    thread.join()
    server.server_close()


async def send_to(host, port):
    return await deliver(Parcel(1, f"https://{host}:{port}/", {"webhook-id": "1"}, b"{}"))


@pytest.fixture(autouse=True)
def _resolver(monkeypatch):
    async def resolve(_host, _port, *, allow_loopback):
        return ["127.0.0.1"]

    monkeypatch.setattr(sending, "resolve", resolve)


async def test_certificate_of_the_name_is_accepted(port, certificate, monkeypatch):
    trusting = httpx.create_ssl_context()
    trusting.load_verify_locations(certificate)
    monkeypatch.setattr(sending, "trusted", lambda: trusting)
    assert (await send_to(NAME, port)).status == 204
    other = await send_to("evil.example.com", port)
    assert (other.status, "CERTIFICATE_VERIFY_FAILED" in other.error) == (None, True)


async def test_certificate_that_nobody_vouches_for_is_refused(port):
    outcome = await send_to(NAME, port)
    assert (outcome.status, "CERTIFICATE_VERIFY_FAILED" in outcome.error) == (None, True)
