"""Logs: asked for, uploaded to a one-time address, downloaded by the right people, removed."""

import hashlib
import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chargers.models import ChargerLog, LogKind, LogStatus
from chargers.selectors.maintenance import charger_logs, firmware_updates
from chargers.services.firmware.asking import update_firmware
from chargers.services.logs import sweep
from chargers.services.logs.asking import request_log
from chargers.store.work import LogReport
from chargers.tests.factories import send_one
from chargers.tests.maintenance.parts import (
    answer,
    asked,
    expire,
    make_image,
    make_online,
    refuse,
    silent,
    waiting,
)
from cpo.models import AuditEntry, Membership, Role
from cpo.tests.factories import make_user
from unievp.lib import clock
from unievp.lib.errors import ConflictError, InvalidError
from unievp.lib.files import safe_name

pytestmark = pytest.mark.django_db

OCTETS = "application/octet-stream"


@pytest.fixture
def address(charger):
    """Where the charger was told to upload: the path alone."""
    request_log(charger, actor="ana")
    return path_of(waiting(charger).payload["location"])


def path_of(location):
    return "/" + location.split("/", 3)[3]


def the_log():
    return ChargerLog.objects.get()


def stored(private_root):
    return [path for path in private_root.rglob("*") if path.is_file()]


def member(charger, role=Role.OWNER):
    user = make_user()
    Membership.objects.create(user=user, cpo=charger.cpo, role=role)
    return user


def download(client, user, log=None):
    client.force_login(user)
    return client.get(reverse("chargers:log_download", args=((log or the_log()).pk,)))


def body(response):
    return b"".join(response)


# Asking


@pytest.mark.proves("GetDiagnostics", "client 14")
def test_diagnostics_are_asked_for_with_their_time(charger):
    since = datetime(2026, 2, 1, 9, 30, tzinfo=UTC)
    request_log(charger, actor="ana", since=since, until=since + timedelta(hours=1))
    payload = asked(charger, "GetDiagnostics").payload
    location = payload.pop("location")
    assert location.startswith("http://")
    assert len(location.rsplit("/", 1)[1]) >= 32
    assert payload == {
        "retries": 2,
        "retryInterval": 60,
        "startTime": "2026-02-01T09:30:00Z",
        "stopTime": "2026-02-01T10:30:00Z",
    }


@pytest.mark.proves("GetLog")
def test_security_log_is_asked_for_by_its_request(charger):
    log = request_log(charger, actor="ana", kind=LogKind.SECURITY, since=clock.now())
    payload = asked(charger, "GetLog").payload
    assert (payload["logType"], payload["requestId"]) == ("SecurityLog", log.request_id)
    assert set(payload["log"]) == {"remoteLocation", "oldestTimestamp"}


@pytest.mark.proves("client 15")
def test_charger_without_the_security_extension_says_so(charger):
    request_log(charger, actor="ana", kind=LogKind.SECURITY)
    refuse(waiting(charger), "NotImplemented")
    assert the_log().status == LogStatus.FAILED
    assert "security extension" in the_log().error


@pytest.mark.proves("client 14")
def test_charger_that_knows_only_the_newer_message_is_asked_by_that(charger):
    log = request_log(charger, actor="ana")
    refuse(asked(charger, "GetDiagnostics"), "NotSupported")
    payload = asked(charger, "GetLog").payload
    assert (payload["logType"], payload["requestId"]) == ("DiagnosticsLog", log.request_id)
    refuse(charger.commands.get(action="GetLog"), "NotImplemented")
    assert silent(charger)
    assert the_log().status == LogStatus.FAILED


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"location": "javascript:alert(1)"}, "location"),
        ({"location": "ftp://"}, "location"),
        ({"location": "ftp://h.example/" + "x" * 400}, "location"),
        ({"since": clock.now(), "until": clock.now() - timedelta(hours=1)}, "until"),
    ],
)
def test_unusable_request_names_the_field_and_asks_nothing(charger, values, field):
    with pytest.raises(InvalidError) as caught:
        request_log(charger, actor="ana", **values)
    assert caught.value.field == field
    assert silent(charger)
    assert not ChargerLog.objects.exists()


# Notices


@pytest.mark.proves("DiagnosticsStatusNotification")
def test_notices_move_the_log_and_only_the_file_ends_it(charger):
    request_log(charger, actor="ana")
    answer(waiting(charger), fileName="diag.zip")
    assert (the_log().status, the_log().promised_name) == ("accepted", "diag.zip")
    for status in ("Idle", "Uploading", "Thinking", "Uploaded"):
        send_one(charger, LogReport(status, diagnostics=True))
    assert (the_log().status, the_log().reported) == ("uploading", "Uploaded")


@pytest.mark.proves("client 14")
def test_failed_upload_hints_at_ftp(charger):
    request_log(charger, actor="ana")
    answer(waiting(charger))
    send_one(charger, LogReport("UploadFailed", diagnostics=True))
    assert the_log().status == LogStatus.FAILED
    assert "UploadFailed" in the_log().error
    assert "ftp" in the_log().error


def test_upload_elsewhere_ends_by_the_chargers_word(charger):
    request_log(charger, actor="ana", location="ftp://user:pw@files.example/logs/")
    assert waiting(charger).payload["location"] == "ftp://user:pw@files.example/logs/"
    answer(charger.commands.get(), fileName="x.zip")
    send_one(charger, LogReport("Uploaded", diagnostics=True))
    assert the_log().status == LogStatus.UPLOADED


@pytest.mark.proves("LogStatusNotification")
def test_log_notice_finds_its_request_with_and_without_its_number(charger):
    log = request_log(charger, actor="ana", kind=LogKind.SECURITY)
    answer(waiting(charger), status="Accepted", filename="sec.log")
    send_one(charger, LogReport("Uploading", request_id=log.request_id + 1))
    assert the_log().status == LogStatus.ACCEPTED
    send_one(charger, LogReport("Uploading", request_id=log.request_id))
    assert the_log().status == LogStatus.UPLOADING
    send_one(charger, LogReport("PermissionDenied"))
    assert (the_log().status, the_log().reported) == ("failed", "PermissionDenied")


def test_newer_request_replaces_the_older_one(charger):
    old = request_log(charger, actor="ana", kind=LogKind.SECURITY)
    answer(waiting(charger), status="Accepted")
    new = request_log(charger, actor="ana", kind=LogKind.SECURITY)
    answer(waiting(charger), status="AcceptedCanceled")
    states = dict(ChargerLog.objects.values_list("pk", "status"))
    assert states == {old.pk: "failed", new.pk: "accepted"}


@pytest.mark.parametrize(("name", "status"), [("Rejected", "failed"), ("NotSupported", "failed")])
def test_refusal_in_a_status_ends_the_wait(charger, name, status):
    request_log(charger, actor="ana")
    answer(waiting(charger), status=name)
    assert (the_log().status, the_log().reported) == (status, name)


def test_notice_nobody_waits_for_is_nothing(charger):
    send_one(charger, LogReport("Uploaded", diagnostics=True))
    send_one(charger, LogReport("Uploaded", request_id=5))


# Receiving


@pytest.mark.proves("GetDiagnostics")
def test_file_that_is_put_is_stored_with_its_hash(client, charger, address, private_root):
    content = b"line\n" * 10_000
    response = client.put(f"{address}/diag.log", content, content_type=OCTETS)
    assert (response.status_code, response.content) == (201, b"Stored.\n")
    log = the_log()
    assert (log.status, log.file_name, log.size) == ("uploaded", "diag.log", 50_000)
    assert log.sha256 == hashlib.sha256(content).hexdigest()
    (path,) = stored(private_root)
    assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(log.pk) in path.name


@pytest.mark.parametrize("ending", ["", "/", "/sub/folder/diag.log"])
def test_chargers_append_what_they_like_to_the_address(client, address, ending):
    assert client.put(address + ending, b"x", content_type=OCTETS).status_code == 201
    assert the_log().file_name == ("diag.log" if ending.endswith("log") else "log.bin")


def test_form_with_a_file_is_taken(client, address):
    file = SimpleUploadedFile("C:\\logs\\diag 1.zip", b"zip")
    assert client.post(address, {"whatever": file}).status_code == 201
    assert (the_log().file_name, the_log().size) == ("diag_1.zip", 3)


def test_post_of_bytes_is_taken_also_as_a_form_that_it_is_not(client, address):
    form = "application/x-www-form-urlencoded"
    assert client.post(address, b"a=b&c", content_type=form).status_code == 201
    assert the_log().size == 5


def test_name_is_the_header_or_what_the_answer_promised(client, charger, address):
    answer(charger.commands.get(), fileName="../../etc/passwd")
    client.put(address, b"x", content_type=OCTETS)
    assert the_log().file_name == "passwd"


def test_address_works_once(client, address, private_root):
    assert client.put(address, b"first", content_type=OCTETS).status_code == 201
    assert client.put(address, b"second", content_type=OCTETS).status_code == 404
    assert [path.read_bytes() for path in stored(private_root)] == [b"first"]


@pytest.mark.parametrize("token", ["x", "a" * 32, "%00", "..%2f..%2fetc"])
def test_unknown_address_takes_nothing(client, address, private_root, token):
    response = client.put(f"/uploads/{token}", b"x", content_type=OCTETS)
    assert response.status_code == 404
    assert stored(private_root) == []


def test_address_that_is_over_takes_nothing(client, address):
    ChargerLog.objects.update(expires_at=clock.now())
    assert client.put(address, b"x", content_type=OCTETS).status_code == 404


def test_upload_beyond_the_limit_leaves_nothing(
    client, address, settings, private_root, monkeypatch
):
    settings.LOG_UPLOAD_LIMIT_MB = 1
    big = b"x" * 1_000_001
    assert client.put(address, big, content_type=OCTETS).status_code == 413
    # Also when the length was not announced.
    monkeypatch.setattr("chargers.views._announced", lambda _request: None)
    assert client.put(address, big, content_type=OCTETS).status_code == 413
    assert stored(private_root) == []
    assert client.put(address, b"x", content_type=OCTETS).status_code == 201


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", OCTETS),
        (b"no form at all", "multipart/form-data; boundary=b"),
        (b"", "multipart/form-data"),
        (b"--b\r\n\r\nx\r\n--b--", "multipart/form-data; boundary=b"),
    ],
)
def test_broken_upload_is_a_clear_refusal(client, address, private_root, content, kind):
    response = client.generic("POST", address, content, content_type=kind)
    assert response.status_code == 400
    assert stored(private_root) == []
    assert client.put(address, b"x", content_type=OCTETS).status_code == 201


def test_broken_off_upload_leaves_nothing(client, address, private_root, monkeypatch):
    def broken(_self, *_args):
        message = "connection reset"
        raise OSError(message)

    monkeypatch.setattr("django.core.handlers.wsgi.WSGIRequest.read", broken)
    assert client.put(address, b"x", content_type=OCTETS).status_code == 400
    assert stored(private_root) == []


def test_only_put_and_post_are_taken(client, address):
    for method in ("get", "delete", "patch"):
        assert getattr(client, method)(address).status_code == 405


def test_file_after_the_failure_is_still_welcome(client, charger, address):
    answer(charger.commands.get())
    send_one(charger, LogReport("UploadFailed", diagnostics=True))
    assert client.put(address, b"x", content_type=OCTETS).status_code == 201
    assert (the_log().status, the_log().error) == ("uploaded", "")


def test_second_file_at_the_same_moment_is_refused_and_removed(charger, address, private_root):
    from chargers.services.logs.receiving import receive_file

    log = the_log()
    receive_file(log, stream=io.BytesIO(b"one"), name="")
    with pytest.raises(ConflictError):
        receive_file(log, stream=io.BytesIO(b"two"), name="")
    assert [path.read_bytes() for path in stored(private_root)] == [b"one"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("diag.log", "diag.log"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "f.bin"),
        ("", "f.bin"),
        (".htaccess", "htaccess"),
        ('a"b\r\nSet-Cookie: x.log', "a_b_Set-Cookie_x.log"),
        ("протокол.zip", "zip"),
        ("x" * 300 + ".tar", "x" * 96 + ".tar"),
        ("a\x00b", "a_b"),
    ],
)
def test_names_from_outside_are_made_harmless(name, safe):
    assert safe_name(name, fallback="f.bin") == safe


# Downloading


def test_member_of_the_cpo_downloads_it_as_an_attachment(client, charger, address):
    client.put(f"{address}/<script>.html", b"<script>", content_type="text/html")
    user = member(charger)
    response = download(client, user)
    assert response.status_code == 200
    assert body(response) == b"<script>"
    assert response["Content-Type"] == OCTETS
    assert response["Content-Disposition"] == 'attachment; filename="script_.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    entry = AuditEntry.objects.get(action="charger_log.download")
    assert (entry.actor, entry.cpo) == (user, charger.cpo)


def test_rival_cpo_finds_nothing(client, charger, address):
    client.put(address, b"x", content_type=OCTETS)
    rival = member(make_online())
    assert download(client, rival).status_code == 404
    assert not charger_logs(rival).exists()
    assert charger_logs(member(charger)).count() == 1
    client.logout()
    anonymous = client.get(reverse("chargers:log_download", args=(the_log().pk,)))
    assert anonymous.status_code == 302


def test_rival_cpo_sees_no_firmware_update(charger):
    update_firmware(charger, image=make_image(), actor="ana")
    assert not firmware_updates(member(make_online())).exists()
    assert firmware_updates(member(charger), charger_pk=charger.pk).count() == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.OPERATOR, 200), (Role.VIEWER, 403), (Role.FINANCE, 403)],
)
def test_logs_are_for_those_who_operate_chargers(client, charger, address, role, status):
    client.put(address, b"x", content_type=OCTETS)
    assert download(client, member(charger, role)).status_code == status


def test_staff_download_it(client, charger, address):
    client.put(address, b"x", content_type=OCTETS)
    assert body(download(client, make_user(is_staff=True))) == b"x"


def test_log_without_a_file_is_not_found(client, charger, address):
    assert download(client, member(charger)).status_code == 404


# Ends


@pytest.mark.parametrize(
    ("status", "reported", "promised", "words"),
    [
        ("requested", "", "", "No file came in time."),
        ("accepted", "", "", "nothing to send"),
        ("accepted", "", "x.zip", "No file came in time."),
        ("uploading", "Uploaded", "x.zip", "reported Uploaded"),
    ],
)
def test_wait_ends_with_a_reason(charger, address, status, reported, promised, words):
    assert sweep.sweep_logs() == 0
    ChargerLog.objects.update(
        status=status, reported=reported, promised_name=promised, expires_at=clock.now()
    )
    assert sweep.sweep_logs() == 1
    assert the_log().status == LogStatus.FAILED
    assert words in the_log().error


def test_command_that_never_left_ends_the_wait(charger):
    request_log(charger, actor="ana")
    expire(waiting(charger))
    assert the_log().status == LogStatus.FAILED


def test_lost_follower_is_made_up_for(charger, monkeypatch):
    request_log(charger, actor="ana")
    monkeypatch.setattr("chargers.services.outcomes.FOLLOWERS", {})
    answer(waiting(charger), fileName="x")
    assert the_log().status == LogStatus.REQUESTED
    sweep.sweep_logs()
    assert the_log().status == LogStatus.ACCEPTED


def test_old_files_go_and_their_rows_stay(client, charger, address, settings, private_root):
    client.put(address, b"x", content_type=OCTETS)
    assert sweep.remove_old_files() == 0
    old = clock.now() - timedelta(days=settings.LOG_RETENTION_DAYS, minutes=1)
    ChargerLog.objects.update(received_at=old)
    assert sweep.remove_old_files() == 1
    assert stored(private_root) == []
    log = the_log()
    assert (log.size, bool(log.file), log.removed_at is not None) == (1, False, True)
    assert download(client, member(charger)).status_code == 404
    assert sweep.remove_old_files() == 0
