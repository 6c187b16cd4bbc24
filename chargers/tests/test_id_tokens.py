"""Id tokens: issued, changed, imported, exported, seen and adopted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from chargers.events import IdTokensChanged
from chargers.models import IdToken, TokenSighting
from chargers.services.id_tokens import managing
from chargers.services.id_tokens.importing import (
    MOST_LINES,
    decode_file,
    export_tokens,
    import_tokens,
    preview_import,
)
from chargers.store.sightings import forget_sightings
from chargers.store.work import Authorize
from chargers.tests.factories import make_charger, make_token, send, send_one, start
from cpo.models import AuditEntry, User
from cpo.tests.factories import make_cpo
from unievp.lib import clock, events
from unievp.lib.errors import ConflictError, InvalidError

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo():
    return make_cpo()


@pytest.fixture
def staff(client, settings):
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    user = User.objects.create_superuser("root", "root@staff.example")
    client.force_login(user)
    return client


@pytest.fixture
def told(django_capture_on_commit_callbacks):
    """The CPOs whose lists were said to be behind; runs what is done on commit."""
    heard = []
    events.subscribe(IdTokensChanged, heard.append)

    def run(call):
        heard.clear()
        with django_capture_on_commit_callbacks(execute=True):
            call()
        return [event.cpo_id for event in heard]

    yield run
    events.unsubscribe(IdTokensChanged, heard.append)


def stored(cpo):
    return set(IdToken.objects.filter(cpo=cpo).values_list("token", flat=True))


def faults(preview):
    return [(bad.number, bad.field) for bad in preview.bad]


def test_every_change_is_audited_and_told_to_the_lists(cpo, told):
    made = []
    issue = lambda: made.append(  # noqa: E731
        managing.create_token(cpo, token=" CARD1 ", label="Ana", actor="ops")
    )
    assert told(issue) == [cpo.pk]
    row = made[0]
    assert (row.token, row.status, row.max_concurrent) == ("CARD1", "active", 1)
    assert told(lambda: managing.block_token(row, actor="ops")) == [cpo.pk]
    assert told(lambda: managing.block_token(row, actor="ops")) == []
    managing.unblock_token(row, actor="ops")
    managing.expire_token(row, actor="ops")
    managing.change_token(row, group="FLEET", actor="ops")
    row.refresh_from_db()
    assert (row.status, row.group, row.expires_at <= clock.now()) == ("active", "FLEET", True)
    entries = AuditEntry.objects.filter(action__startswith="idtoken.").order_by("pk")
    assert [entry.action for entry in entries] == ["idtoken.added", *["idtoken.edited"] * 4]
    assert entries[1].before == {"status": "active"}
    assert entries[1].after == {"status": "blocked"}
    assert {entry.cpo_id for entry in entries} == {cpo.pk}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token", ""),
        ("token", "X" * 21),
        ("token", "A\nB"),
        ("token", "kärtchen"),
        ("group", "G" * 21),
        ("status", "gone"),
        ("max_concurrent", 0),
        ("max_concurrent", 40_000),
        ("expires_at", datetime(2030, 1, 1)),  # noqa: DTZ001 (that is what is refused)
        ("colour", "red"),
    ],
)
def test_bad_value_is_refused_by_its_field_and_nothing_changes(cpo, field, value):
    row = make_token("CARD1", cpo=cpo)
    with pytest.raises(InvalidError) as refused:
        managing.change_token(row, actor="ops", **{field: value})
    assert refused.value.field == field
    row.refresh_from_db()
    assert (row.token, row.group, row.status, row.max_concurrent) == ("CARD1", "", "active", 1)


@pytest.mark.proves("own 9")
def test_same_token_in_another_case_is_refused_but_not_to_a_rival(cpo):
    managing.create_token(cpo, token="card1", actor="ops")
    with pytest.raises(ConflictError) as refused:
        managing.create_token(cpo, token="CARD1", actor="ops")
    assert refused.value.field == "token"
    assert managing.create_token(make_cpo(), token="CARD1", actor="ops").pk


def test_token_issued_by_somebody_else_a_moment_ago_is_refused_as_well(cpo, monkeypatch):
    make_token("CARD1", cpo=cpo)
    nobody = IdToken.objects.none()
    monkeypatch.setattr(IdToken.objects, "filter", lambda **_: nobody)
    with pytest.raises(ConflictError):
        managing.create_token(cpo, token="card1", actor="ops")


@pytest.mark.proves("pain 50")
def test_token_of_one_charger_is_good_there_alone_and_only_its_companys(cpo):
    here, there = make_charger(cpo=cpo), make_charger(cpo=cpo)
    managing.create_token(cpo, token="HERE", charger=here, actor="ops")
    managing.create_token(cpo, token="EVERY", actor="ops")
    rival = make_charger()
    asked = [(here, "HERE"), (there, "HERE"), (rival, "EVERY")]
    results = send(*((charger, Authorize(tag)) for charger, tag in asked))
    assert [result.status for result in results] == ["Accepted", "Invalid", "Invalid"]
    assert send_one(there, Authorize("EVERY")).status == "Accepted"
    with pytest.raises(InvalidError) as refused:
        managing.create_token(cpo, token="WRONG", charger=rival, actor="ops")
    assert refused.value.field == "charger"


def test_import_stores_what_the_file_says(cpo):
    text = (
        "Token;Label;Group;Status;Expires_at;Max_concurrent\r\n"
        "A1;'=Ana;FLEET;blocked;2030-12-31;\r\n"
        "\r\n"
        'A2;"Bo; and Co";;;2031-01-01T10:00:00+07:00;3\r\n'
        "A3\r\n"
    )
    assert import_tokens(cpo, text, actor="ops") == 3
    first, second, third = IdToken.objects.filter(cpo=cpo).order_by("token")
    assert (first.label, first.group, first.status) == ("=Ana", "FLEET", "blocked")
    assert first.expires_at.date() == datetime(2030, 12, 31, tzinfo=UTC).date()
    assert first.max_concurrent is None
    assert (second.label, second.max_concurrent) == ("Bo; and Co", 3)
    assert second.expires_at == datetime(2031, 1, 1, 3, tzinfo=UTC)
    assert (third.status, third.max_concurrent, third.expires_at) == ("active", 1, None)
    assert AuditEntry.objects.filter(action="idtoken.added").count() == 3


BAD = (
    "token,label,group,status,expires_at,max_concurrent\n"
    "GOOD1,,,,,\n"
    ",nameless,,,,\n"
    f"{'X' * 21},,,,,\n"
    "B1,,,stolen,,\n"
    "B2,,,,31/12/2030,\n"
    "B3,,,,2030-02-30,\n"
    "B4,,,,,many\n"
    "B5,,,,,0\n"
    "good1,,,,,\n"
    "taken,,,,,\n"
    "GOOD2,,,,,2\n"
    "B\tt,,,,,\n"
)
FAULTS = [
    (3, "token"),
    (4, "token"),
    (5, "status"),
    (6, "expires_at"),
    (7, "expires_at"),
    (8, "max_concurrent"),
    (9, "max_concurrent"),
    (10, "token"),
    (11, "token"),
    (13, "token"),
]


def test_bad_lines_are_named_by_line_and_field_and_nothing_is_stored(cpo):
    make_token("TAKEN", cpo=cpo)
    preview = preview_import(cpo, BAD)
    assert faults(preview) == FAULTS
    assert [line.values["token"] for line in preview.good] == ["GOOD1", "GOOD2"]
    with pytest.raises(InvalidError) as refused:
        import_tokens(cpo, BAD, actor="ops")
    assert (refused.value.field, refused.value.code) == ("file", "bad_lines")
    assert stored(cpo) == {"TAKEN"}
    assert import_tokens(cpo, BAD, actor="ops", good_only=True) == 2
    assert stored(cpo) == {"TAKEN", "GOOD1", "GOOD2"}


@pytest.mark.parametrize(
    "text",
    ["", "name\nA1\n", 'token\n"A1\n' + "x" * 140_000, "token\n" + "A\n" * (MOST_LINES + 1)],
    ids=["empty", "no token column", "open quote", "too long"],
)
def test_unusable_file_is_refused_as_a_whole(cpo, text):
    with pytest.raises(InvalidError) as refused:
        preview_import(cpo, text)
    assert refused.value.field == "file"


@pytest.mark.parametrize("content", [b"token\n\xff\xfe", b"x" * 2_000_001])
def test_file_that_is_no_text_or_too_large_is_refused(content):
    with pytest.raises(InvalidError) as refused:
        decode_file(content)
    assert refused.value.field == "file"


def test_export_is_harmless_in_a_spreadsheet_and_comes_back_as_it_was(cpo):
    make_token("+49123", cpo=cpo, label="=HYPERLINK(1)", group="@G", max_concurrent=None)
    text = decode_file(b"".join(export_tokens(IdToken.objects.all())))
    assert "'+49123,'=HYPERLINK(1),'@G,active,," in text
    rival = make_cpo()
    assert import_tokens(rival, text, actor="ops") == 1
    copy = IdToken.objects.get(cpo=rival)
    assert (copy.token, copy.label, copy.group) == ("+49123", "=HYPERLINK(1)", "@G")
    assert copy.max_concurrent is None


def test_known_tag_tells_when_and_where_it_was_seen(cpo):
    token = make_token("CARD1", cpo=cpo)
    one, two = make_charger(cpo=cpo), make_charger(cpo=cpo)
    before = clock.now()
    send_one(one, Authorize("card1"))
    seen = TokenSighting.objects.get()
    assert (seen.cpo_id, seen.id_token_id, seen.charger_id) == (cpo.pk, token.pk, one.pk)
    assert (seen.status, seen.times) == ("Accepted", 1)
    assert seen.last_seen_at >= before
    send_one(two, Authorize("CARD1"))
    seen.refresh_from_db()
    assert (seen.charger_id, seen.times) == (two.pk, 2)


def test_tag_presented_again_and_again_is_written_once_a_minute(cpo):
    charger = make_charger(cpo=cpo)
    at = clock.now()
    for seconds, times in ((0, 1), (1, 1), (59, 1), (61, 2)):
        send_one(charger, Authorize("WHO"), received_at=at + timedelta(seconds=seconds))
        assert TokenSighting.objects.get().times == times


@pytest.mark.proves("quirk 9", "own 10", "pain 27")
def test_unknown_tags_of_authorize_and_start_wait_in_the_inbox_of_their_company(cpo):
    charger, rival = make_charger(cpo=cpo), make_charger()
    longer = "ABCDEFGHIJKLMNOPQRSTU"  # 21 characters
    send((charger, Authorize(longer)), (rival, start("NOBODY")))
    send_one(charger, Authorize(""))
    found = {(seen.cpo_id, seen.tag, seen.status) for seen in TokenSighting.objects.all()}
    assert found == {(cpo.pk, longer[:20], "Invalid"), (rival.cpo_id, "NOBODY", "Invalid")}


def test_adopted_tag_is_good_at_once_and_leaves_the_inbox(cpo, staff):
    charger = make_charger(cpo=cpo)
    assert send_one(charger, Authorize("NEW1")).status == "Invalid"
    seen = TokenSighting.objects.get()
    url = reverse("admin:chargers_tokensighting_changelist")
    assert "NEW1" in staff.get(url, {"known": "no"}).content.decode()
    form = {"action": "adopt_selected", "_selected_action": [seen.pk]}
    assert staff.post(url, form).status_code == 302
    seen.refresh_from_db()
    assert (seen.id_token.token, seen.id_token.cpo_id) == ("NEW1", cpo.pk)
    assert AuditEntry.objects.filter(action="idtoken.added").count() == 1
    assert send_one(charger, Authorize("new1")).status == "Accepted"
    with pytest.raises(ConflictError):
        managing.adopt_sighting(seen, actor="ops")


def test_old_and_too_many_unknown_tags_are_forgotten_known_ones_kept(cpo):
    charger = make_charger(cpo=cpo)
    make_token("KNOWN", cpo=cpo)
    now = clock.now()
    make_token("PAID", cpo=cpo, charger=charger, expires_at=now - timedelta(days=1))
    for tag, days in (("KNOWN", 200), ("OLD", 100), ("U1", 2), ("U2", 1), ("PAID", 0)):
        send_one(charger, Authorize(tag), received_at=now - timedelta(days=days))
    assert TokenSighting.objects.count() == 5
    assert forget_sightings(now - timedelta(days=90)) == 2  # OLD and PAID
    assert forget_sightings(now - timedelta(days=90), most=1) == 1
    assert set(TokenSighting.objects.values_list("tag", flat=True)) == {"KNOWN", "U2"}


def test_import_page_shows_the_mistakes_then_imports_the_good_ones(cpo, staff):
    url = reverse("admin:chargers_idtoken_import_csv")
    make_token("TAKEN", cpo=cpo)
    assert staff.get(url).status_code == 200
    file = SimpleUploadedFile("tags.csv", BAD.encode())
    page = staff.post(url, {"cpo": str(cpo.pk), "file": file})
    assert faults(page.context["preview"]) == FAULTS
    assert "Import the good ones" in page.content.decode()
    assert stored(cpo) == {"TAKEN"}
    text = page.context["csv_text"]
    whole = staff.post(url, {"cpo": str(cpo.pk), "text": text, "do": "all"})
    assert (whole.status_code, stored(cpo)) == (200, {"TAKEN"})
    done = staff.post(url, {"cpo": str(cpo.pk), "text": text, "do": "good"})
    assert done.status_code == 302
    assert stored(cpo) == {"TAKEN", "GOOD1", "GOOD2"}
    empty = staff.post(url, {"cpo": str(cpo.pk)})
    assert empty.status_code == 200
    assert "file" in empty.context["form"].errors


def test_form_issues_and_changes_through_the_services(cpo, staff):
    form = {"cpo": str(cpo.pk), "token": "FORM1", "status": "active", "max_concurrent": "1"}
    add = reverse("admin:chargers_idtoken_add")
    assert staff.post(add, form).status_code == 302
    row = IdToken.objects.get(token="FORM1")
    change = reverse("admin:chargers_idtoken_change", args=(row.pk,))
    assert staff.post(change, {**form, "label": "Ana", "status": "blocked"}).status_code == 302
    row.refresh_from_db()
    assert (row.cpo_id, row.label, row.status) == (cpo.pk, "Ana", "blocked")
    actions = AuditEntry.objects.filter(subject_type="chargers.IdToken").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == ["idtoken.added", "idtoken.edited"]
    export = {"action": "export_csv", "_selected_action": [row.pk]}
    answer = staff.post(reverse("admin:chargers_idtoken_changelist"), export)
    assert b"FORM1,Ana" in b"".join(answer.streaming_content)
    assert staff.post(add, {**form, "token": "form1"}).status_code == 200


def test_pages_are_closed_to_people_who_are_not_staff(client):
    client.force_login(User.objects.create_user("owner@rival.example"))
    for name in ("idtoken_import_csv", "tokensighting_changelist", "locallist_changelist"):
        assert client.get(reverse(f"admin:chargers_{name}")).status_code == 302
