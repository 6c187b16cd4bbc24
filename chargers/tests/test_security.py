"""Registration, adoption, passwords, profiles, certificates, security events; no socket."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from django.core.management import CommandError, call_command

from chargers import tasks
from chargers.models import (
    CertificateUse,
    Charger,
    ChargerCertificate,
    Command,
    InstalledCertificate,
    PasswordRotation,
    Presence,
    SecurityEvent,
    UnknownCharger,
)
from chargers.services import outcomes
from chargers.services.certificates import authority, installed, signing
from chargers.services.commands import claim_next
from chargers.services.payloads import payload_to_send
from chargers.services.registration import adopting, deciding
from chargers.services.security import passwords, profiles
from chargers.services.security.events import see_events
from chargers.store.work import Boot, CertificateRequest, SecurityNotice
from chargers.tests.factories import at, make_charger, make_location, send_one
from cpo.tests.factories import make_cpo, make_user
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.secrets import keyed_digest, matches_digest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

OLD = b"the old password"


@pytest.fixture
def charger():
    row = make_charger(tariff=False, identity="CP-7", password_digest=keyed_digest(OLD))
    Presence.objects.create(charger=row, online=True)
    return row


@pytest.fixture
def ca():
    return authority.create_authority("Test", actor="test")


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def is_password(digest, password):
    return digest is not None and matches_digest(password.encode(), bytes(digest))


# --- registration ---------------------------------------------------------------------------------


@pytest.mark.proves("BootNotification", "client 29")
@pytest.mark.parametrize(
    ("registration", "own", "interval"),
    [
        ("Accepted", None, 300),
        ("Pending", None, 60),
        ("Rejected", None, 3600),
        ("Pending", 7, 7),
        ("Rejected", 9, 9),
    ],
)
def test_each_registration_has_its_interval(charger, registration, own, interval):
    Charger.objects.filter(pk=charger.pk).update(registration=registration, boot_interval_s=own)
    result = send_one(charger, Boot("V", "M"))
    assert (result.registration, result.interval_s) == (registration, interval)
    assert fresh(charger).told_registration == registration


@pytest.mark.proves("client 29", "TriggerMessage")
def test_an_accepted_charger_that_was_told_to_wait_is_woken_once(charger):
    deciding.hold_charger(charger, actor="test")
    send_one(charger, Boot("V", "M"))
    deciding.accept_charger(charger, actor="test")
    assert deciding.wake_accepted() == 0
    command = Command.objects.get(action="TriggerMessage")
    assert command.payload == {"requestedMessage": "BootNotification"}
    Command.objects.update(created_at=clock.now() - timedelta(minutes=6), status="expired")
    assert tasks.set_up_adopted_chargers() == 1


def test_no_boot_is_asked_of_a_charger_that_was_told_accepted(charger):
    send_one(charger, Boot("V", "M"))
    deciding.hold_charger(charger, actor="test")
    deciding.accept_charger(charger, actor="test")
    assert deciding.wake_accepted() == 0
    assert not Command.objects.exists()


def test_a_decision_that_changes_nothing_is_a_conflict(charger):
    with pytest.raises(ConflictError):
        deciding.accept_charger(charger, actor="test")


# --- adoption -------------------------------------------------------------------------------------


def stranger(identity):
    now = clock.now()
    return UnknownCharger.objects.create(
        identity=identity, reason="unknown", first_seen_at=now, last_seen_at=now
    )


@pytest.mark.proves("pain 10", "pain 14", "own 26")
def test_adopting_a_stranger_gives_a_password_and_the_exact_url(settings):
    settings.OCPP_PUBLIC_URL = "ws://host:9000"
    unknown = stranger("ws://host/A B")
    row, password = adopting.adopt_charger(unknown, location=make_location(), actor="test")
    assert (row.identity, row.connectors.count(), row.security_profile) == ("A B", 0, 1)
    assert is_password(row.password_digest, password)
    assert adopting.charger_url(row) == "ws://host:9000/A%20B"
    assert not UnknownCharger.objects.exists()


def test_adopting_an_id_that_exists_changes_nothing(charger):
    unknown = stranger("cp-7")
    with pytest.raises(ConflictError):
        adopting.adopt_charger(unknown, location=make_location(), actor="test")
    with pytest.raises(InvalidError):
        adopting.adopt_charger(unknown, location=make_location(), actor="test", connectors=17)
    assert UnknownCharger.objects.count() == 1


@pytest.mark.parametrize(("accepts", "registration"), [(True, "Accepted"), (False, "Pending")])
def test_an_own_address_adopts_on_hold_and_the_recipe_follows(accepts, registration):
    location = make_location()
    token = adopting.open_door(location.cpo, location=location, actor="t", accepts=accepts)
    row = adopting.adopt_at_door("NEW-1", token, "10.0.0.1")
    assert (row.cpo, row.registration, row.password_digest) == (location.cpo, "Pending", None)
    Presence.objects.create(charger=row, online=True)
    assert adopting.secure_adopted() == 0  # not before it was told to wait
    send_one(row, Boot("V", "M"))
    assert adopting.secure_adopted() == 1
    command = claim_next(row.pk)
    assert payload_to_send(command)["key"] == "AuthorizationKey"
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    now = fresh(row)
    assert (now.registration, now.pending_security_profile) == (registration, 1)
    assert send_one(row, Boot("V", "M")).registration == registration


def test_the_own_address_is_guarded():
    location = make_location()
    with pytest.raises(InvalidError):
        adopting.open_door(make_cpo(), location=location, actor="t")
    token = adopting.open_door(location.cpo, location=location, actor="t", hourly_limit=1)
    assert adopting.adopt_at_door("A", "0" * 32, "") is None
    assert adopting.adopt_at_door("a/b", token, "") is None
    assert adopting.adopt_at_door("A", token, "") is not None
    assert adopting.adopt_at_door("B", token, "") is None  # one an hour
    adopting.close_door(location.cpo.adoption_door, actor="t")
    assert adopting.adopt_at_door("C", token, "") is None


# --- passwords ------------------------------------------------------------------------------------


def rotate(charger):
    command = passwords.rotate_password(charger, actor="test")
    assert command.payload["value"] == "••••"
    return command, claim_next(charger.pk).secret


@pytest.mark.proves("own 24", "ChangeConfiguration")
@pytest.mark.parametrize("answer", ["Rejected", "NotSupported"])
def test_a_refused_password_changes_nothing(charger, answer):
    command, _new = rotate(charger)
    outcomes.mark_answered(command.pk, response={"status": answer})
    now = fresh(charger)
    assert bytes(now.password_digest) == keyed_digest(OLD)
    assert now.pending_password_digest is None
    assert PasswordRotation.objects.get().status == "refused"


@pytest.mark.proves("own 24", "TC_073")
def test_an_accepted_password_replaces_the_old_one(charger):
    command, new = rotate(charger)
    with pytest.raises(ConflictError):
        passwords.rotate_password(charger, actor="test")
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    now = fresh(charger)
    assert is_password(now.password_digest, new)
    assert now.pending_password_digest is None
    rotation = PasswordRotation.objects.get()
    assert (rotation.status, rotation.secret, fresh(command).secret) == ("done", "", "")


@pytest.mark.proves("own 24")
def test_a_lost_answer_keeps_both_and_asks_again_for_the_same(charger):
    command, new = rotate(charger)
    outcomes.mark_timed_out(command.pk)
    now = fresh(charger)
    assert bytes(now.password_digest) == keyed_digest(OLD)
    assert is_password(now.pending_password_digest, new)
    assert passwords.ask_unsure_again() == 0
    PasswordRotation.objects.update(asked_at=clock.now() - timedelta(hours=1))
    assert tasks.renew_passwords() == 1
    again = claim_next(charger.pk)
    assert again.secret == new
    outcomes.mark_answered(again.pk, response={"status": "Accepted"})
    assert is_password(fresh(charger).password_digest, new)


def test_a_password_that_was_never_sent_is_dropped(charger):
    command = passwords.rotate_password(charger, actor="test")
    outcomes.cancel_command(command, actor="test")
    assert fresh(charger).pending_password_digest is None
    assert PasswordRotation.objects.get().status == "unsent"


def test_old_passwords_are_renewed_where_it_is_wanted(charger, settings):
    Charger.objects.update(password_set_at=clock.now() - timedelta(days=91))
    assert passwords.rotate_old_passwords() == 0
    settings.CHARGER_PASSWORD_DAYS = 90
    assert passwords.rotate_old_passwords() == 1
    assert passwords.rotate_old_passwords() == 0


# --- profiles -------------------------------------------------------------------------------------


@pytest.mark.proves("own 25")
def test_a_profile_is_only_raised(charger):
    Charger.objects.update(security_profile=2)
    for profile in (0, 1, 2, 4):
        with pytest.raises(InvalidError):
            profiles.raise_security_profile(charger, profile=profile, actor="test")
    with pytest.raises(ConflictError):  # no certificate yet
        profiles.raise_security_profile(charger, profile=3, actor="test")
    command = profiles.raise_security_profile(charger, profile=3, actor="test", insist=True)
    assert fresh(charger).pending_security_profile == 3
    claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Rejected"})
    assert (fresh(charger).security_profile, fresh(charger).pending_security_profile) == (2, None)


# --- certificates ---------------------------------------------------------------------------------


def csr(charger, *, common=None, organisation=None, key=None):
    key = key or ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common or charger.identity),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation or charger.cpo.name),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.proves("SignCertificate")
def test_without_an_authority_a_request_is_rejected(charger):
    assert send_one(charger, CertificateRequest(csr(charger))) == "Rejected"
    assert not ChargerCertificate.objects.exists()


@pytest.mark.proves("SignCertificate", "CertificateSigned", "TC_074")
def test_a_request_becomes_a_certificate_at_the_charger(charger, ca):
    assert send_one(charger, CertificateRequest(csr(charger))) == "Accepted"
    assert tasks.sign_certificates() == 1
    row = ChargerCertificate.objects.get()
    command = claim_next(charger.pk)
    assert (row.status, command.action) == ("sent", "CertificateSigned")
    chain = x509.load_pem_x509_certificates(command.payload["certificateChain"].encode())
    assert len(chain) == 2
    assert f"{chain[0].serial_number:x}" == row.serial
    chain[0].verify_directly_issued_by(chain[1])
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    assert fresh(row).status == "installed"
    signing.revoke_certificate(row, actor="test")
    lists = authority.revocation_list()
    crl = x509.load_pem_x509_crl(lists[lists.rindex("-----BEGIN") :].encode())
    assert [entry.serial_number for entry in crl] == [chain[0].serial_number]
    with pytest.raises(ConflictError):
        signing.revoke_certificate(row, actor="test")


@pytest.mark.proves("SignCertificate")
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"common": "CP-70"}, "CN"),
        ({"organisation": "Somebody"}, "CpoName"),
        ({"key": rsa.generate_private_key(65537, 1024)}, "weaker"),
    ],
)
def test_a_wrong_request_is_denied_with_the_reason(charger, ca, change, word):
    send_one(charger, CertificateRequest(csr(charger, **change)))
    tasks.sign_certificates()
    row = ChargerCertificate.objects.get()
    assert (row.status, row.chain) == ("denied", "")
    assert word in row.reason
    assert not Command.objects.exists()


def test_what_is_no_request_is_denied(charger, ca):
    send_one(charger, CertificateRequest("-----BEGIN x"))
    tasks.sign_certificates()
    assert ChargerCertificate.objects.get().status == "denied"


def test_a_certificate_is_renewed_in_time_once_a_day(charger, ca):
    send_one(charger, CertificateRequest(csr(charger)))
    tasks.sign_certificates()
    ChargerCertificate.objects.update(
        status="installed", not_after=clock.now() + timedelta(days=20)
    )
    assert (tasks.renew_certificates(), tasks.renew_certificates()) == (1, 0)
    asked = Command.objects.get(action="ExtendedTriggerMessage")
    assert asked.payload == {"requestedMessage": "SignChargePointCertificate"}


def test_there_is_one_authority_until_it_is_replaced(ca, tmp_path, capsys):
    with pytest.raises(CommandError):
        call_command("create_charger_ca", "Again")
    call_command("create_charger_ca", "Again", "--replace")
    assert authority.issuing_authority().name == "Again Charger CA"
    call_command("export_charger_ca", str(tmp_path))
    assert (tmp_path / "charger-ca.pem").read_text().count("BEGIN CERTIFICATE") == 4
    assert (tmp_path / "charger-ca.crl").read_text().count("BEGIN X509 CRL") == 4


HASHES = {
    "hashAlgorithm": "SHA384",
    "issuerNameHash": "aa",
    "issuerKeyHash": "bb",
    "serialNumber": "01",
}


@pytest.mark.proves(
    "GetInstalledCertificateIds", "DeleteCertificate", "InstallCertificate", "client 16", "TC_076"
)
def test_the_roots_of_a_charger_are_kept_and_the_last_is_not_deleted(charger, ca):
    use = CertificateUse.CENTRAL_SYSTEM_ROOT
    with pytest.raises(InvalidError):
        installed.install_root(charger, use=use, certificate="x", actor="test")
    command = installed.install_root(charger, use=use, certificate=ca.certificate_pem, actor="test")
    claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    asked = claim_next(charger.pk)
    assert asked.payload == {"certificateType": use.value}
    answer = {"status": "Accepted", "certificateHashData": [HASHES, {"x": 1}, None]}
    outcomes.mark_answered(asked.pk, response=answer)
    row = InstalledCertificate.objects.get()
    with pytest.raises(ConflictError):
        installed.delete_root(row, actor="test")
    command = installed.delete_root(row, actor="test", insist=True)
    assert command.payload == {"certificateHashData": HASHES}
    claim_next(charger.pk)
    outcomes.mark_answered(command.pk, response={"status": "Accepted"})
    assert not InstalledCertificate.objects.exists()


# --- security events ------------------------------------------------------------------------------


@pytest.mark.proves("SecurityEventNotification")
def test_a_security_event_is_kept_once_with_its_severity(charger):
    for _ in range(2):
        send_one(charger, SecurityNotice("TamperDetectionActivated", at(0), "door"))
    send_one(charger, SecurityNotice("SomethingOfOurOwn", at(0)))
    rows = {row.kind: row.severity for row in SecurityEvent.objects.all()}
    assert rows == {"TamperDetectionActivated": "critical", "SomethingOfOurOwn": "notice"}
    assert SecurityEvent.objects.count() == 2
    actor = make_user(is_staff=True)
    assert see_events(SecurityEvent.objects.all(), actor=actor) == 2
    assert see_events(SecurityEvent.objects.all(), actor=actor) == 0
