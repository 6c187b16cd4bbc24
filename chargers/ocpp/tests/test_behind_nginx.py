"""deploy/nginx.conf itself, on loopback with certificates made on the spot: profiles 2 and 3."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import ssl
import subprocess
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from chargers.models import ChargerCertificate, Presence
from chargers.ocpp.asgi import mtls_application, tls_application
from chargers.ocpp.tests.fleet import amake_charger
from chargers.ocpp.tests.server import running_server, until
from chargers.services.certificates import authority
from unievp.lib import clock

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed"),
]
CONF = Path(__file__).parents[3] / "deploy" / "nginx.conf"
KEY = b"0123456789abcdef"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"CP1:" + KEY).decode()}


def pem_of(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


def self_signed(key, name="localhost"):
    now = clock.now()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_config(folder, ports, upstream):
    text = CONF.read_text().replace("/etc/unievp/tls", str(folder))
    for old, new in (("listen 9443", ports[0]), ("listen 9444", ports[1])):
        text = text.replace(old, f"listen 127.0.0.1:{new}")
    for old, new in (("127.0.0.1:9002", upstream[0]), ("127.0.0.1:9003", upstream[1])):
        text = text.replace(old, f"127.0.0.1:{new}")
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    main = f"""
    daemon off; master_process off; pid {folder}/nginx.pid; error_log {folder}/error.log;
    events {{}}
    http {{ access_log off; {temporary}
    {text} }}
    """
    (folder / "nginx.conf").write_text(main)


def start_nginx(folder):
    return subprocess.Popen(
        [shutil.which("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")],
        env={"PATH": os.environ["PATH"]},
    )


@asynccontextmanager
async def house(folder):
    """(port of profile 2, port of profile 3, the authority)."""
    ca = await sync_to_async(authority.create_authority)("T", actor="test")
    for name, key in (
        ("rsa", rsa.generate_private_key(65537, 2048)),
        ("ecdsa", ec.generate_private_key(ec.SECP256R1())),
    ):
        (folder / f"{name}.pem").write_bytes(self_signed(key))
        (folder / f"{name}.key").write_bytes(pem_of(key))
    (folder / "charger-ca.pem").write_text(await sync_to_async(authority.trust_chain)())
    (folder / "charger-ca.crl").write_text(await sync_to_async(authority.revocation_list)())
    ports = (free_port(), free_port())
    async with running_server(tls_application) as tls, running_server(mtls_application) as mtls:
        write_config(folder, ports, (tls.port, mtls.port))
        process = start_nginx(folder)
        try:
            await until(lambda: all(is_open(port) for port in ports))
            yield ports[0], ports[1], ca
        finally:
            process.terminate()
            process.wait(10)


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def client_context(folder, certificate=None, key=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        (folder / "client.pem").write_bytes(certificate)
        (folder / "client.key").write_bytes(pem_of(key))
        context.load_cert_chain(folder / "client.pem", folder / "client.key")
    return context


async def knock(port, context, headers=None):
    try:
        async with connect(
            f"wss://127.0.0.1:{port}/CP1",
            ssl=context,
            subprotocols=["ocpp1.6"],
            additional_headers=headers or {},
        ) as charger:
            await charger.send('[2,"1","Heartbeat",{}]')
            assert "currentTime" in await charger.recv()
            return 101
    except InvalidStatus as refusal:
        return refusal.response.status_code


def issue(ca, common="CP1"):
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = authority.sign_leaf(
        ca,
        public_key=key.public_key(),
        common_name=common,
        organisation="Test CPO",
        days=1,
    )
    return leaf, leaf.public_bytes(serialization.Encoding.PEM) + ca.certificate_pem.encode(), key


@pytest.mark.proves("TC_086", "pain 13")
async def test_profile_2_through_nginx(orm, tmp_path):
    row = await amake_charger(security_profile=2, password=KEY)
    async with house(tmp_path) as (tls, _mtls, _ca):
        context = client_context(tmp_path)
        assert await knock(tls, context, {**BASIC, "X-Client-Address": "6.6.6.6"}) == 101
        presence = await Presence.objects.aget(charger=row)
        assert presence.remote_address == "127.0.0.1"
        assert await knock(tls, context) == 401
        for suite in (
            "ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
            "AES128-GCM-SHA256",
            "AES256-GCM-SHA384",
        ):
            chosen = client_context(tmp_path)
            chosen.maximum_version = ssl.TLSVersion.TLSv1_2
            chosen.set_ciphers(suite)
            assert await knock(tls, chosen, BASIC) == 101
        old = client_context(tmp_path)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
        old.set_ciphers("ALL:@SECLEVEL=0")
        with pytest.raises(ssl.SSLError):
            await knock(tls, old, BASIC)


@pytest.mark.proves("TC_087", "pain 13")
async def test_profile_3_through_nginx(orm, tmp_path):
    row = await amake_charger(security_profile=3)
    async with house(tmp_path) as (tls, mtls, ca):
        leaf, chain, key = await sync_to_async(issue)(ca)
        assert await knock(mtls, client_context(tmp_path, chain, key)) == 101
        assert await knock(mtls, client_context(tmp_path)) == 400
        stranger = ec.generate_private_key(ec.SECP256R1())
        unknown = client_context(tmp_path, self_signed(stranger, "CP1"), stranger)
        assert await knock(mtls, unknown) == 400
        _other, other_chain, other_key = await sync_to_async(issue)(ca, "CP2")
        assert await knock(mtls, client_context(tmp_path, other_chain, other_key)) == 403
        forged = {"X-Client-Verify": "SUCCESS", "X-Client-Certificate": "x"}
        assert await knock(tls, client_context(tmp_path), forged) == 403
        assert await knock(mtls, client_context(tmp_path), forged) == 400
        await ChargerCertificate.objects.acreate(
            charger=row,
            serial=f"{leaf.serial_number:x}",
            status="revoked",
            revoked_at=clock.now(),
            requested_at=clock.now(),
        )
        assert await knock(mtls, client_context(tmp_path, chain, key)) == 403
