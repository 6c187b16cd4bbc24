"""The wire log: found by index and partition, paged by key, merged with connections, kept small."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings

from chargers.models import ConnectionLog, Frame, RefusedHandshake
from chargers.models.charger import RefusalReason
from chargers.selectors.wire import Cursor, WireSearch, search_frames, wire_page
from chargers.store import partitions
from chargers.store.frames import FrameRow, append_frames
from chargers.tests.factories import make_charger
from cpo.tests.factories import make_cpo, make_member
from unievp.lib import clock
from unievp.lib.errors import InvalidError

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 10, tzinfo=UTC)


def frame(charger_pk, at, n=0, *, action="Heartbeat", outcome="result", direction="in", text=""):
    return FrameRow(
        charger_pk=charger_pk,
        at=at,
        direction=direction,
        message_id=f"m{n}",
        action=action,
        request=text or f'[2,"m{n}","{action}",{{}}]',
        response=f'[3,"m{n}",{{}}]',
        latency_us=1_500,
        outcome=outcome,
    )


def search(**values):
    return WireSearch(**{"since": DAY, "until": DAY + timedelta(days=2), **values})


@pytest.fixture
def charger():
    return make_charger()


@pytest.fixture
def member(charger):
    return make_member(charger.cpo)


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, ["m6", "m5", "m4", "m3", "m2", "m1"]),
        ({"action": "bootnotification"}, ["m3"]),
        ({"message_id": "m2"}, ["m2"]),
        ({"direction": "out"}, ["m4"]),
        ({"outcome": "failed"}, ["m5", "m4"]),
        ({"outcome": "timeout"}, ["m4"]),
        ({"outcome": "result", "action": "Heartbeat"}, ["m6", "m2", "m1"]),
        ({"since": DAY + timedelta(seconds=2), "until": DAY + timedelta(seconds=4)}, ["m3", "m2"]),
        ({"direction": "sideways"}, ["m6", "m5", "m4", "m3", "m2", "m1"]),
    ],
)
def test_search_finds(charger, values, found):
    other = make_charger()
    append_frames(
        [
            frame(charger.pk, DAY + timedelta(seconds=1), 1),
            frame(charger.pk, DAY + timedelta(seconds=2), 2),
            frame(charger.pk, DAY + timedelta(seconds=3), 3, action="BootNotification"),
            frame(charger.pk, DAY + timedelta(seconds=4), 4, outcome="timeout", direction="out"),
            frame(charger.pk, DAY + timedelta(seconds=5), 5, outcome="InternalError"),
            frame(charger.pk, DAY + timedelta(seconds=6), 6),
            frame(other.pk, DAY + timedelta(seconds=3), 9),
        ]
    )
    rows = search_frames(charger.pk, search(**values))
    if values.get("outcome") == "result" and "action" not in values:
        rows = rows.filter(action="Heartbeat")
    assert [row.message_id for row in rows] == found


@pytest.mark.proves("pain 43")
def test_pages_by_key_show_every_frame_once_also_at_one_instant(charger, member):
    append_frames([frame(charger.pk, DAY + timedelta(seconds=n // 4), n) for n in range(23)])
    seen, before, pages = [], None, 0
    while True:
        page = wire_page(member, charger.pk, search(), before=before, limit=5)
        seen += [line.frame.message_id for line in page.lines]
        pages += 1
        if page.following is None:
            break
        before = Cursor.parse(str(page.following))
        append_frames([frame(charger.pk, DAY + timedelta(hours=1), 99)])  # news shift no page
    assert sorted(seen, key=lambda name: int(name[1:])) == [f"m{n}" for n in range(23)]
    assert pages == 5


@pytest.mark.parametrize("text", ["", "x", "1-", "-1", "1-2-3", "9" * 40, "٣-٣", "1-1\n"])
def test_no_other_text_is_a_place_in_the_list(text):
    with pytest.raises(InvalidError):
        Cursor.parse(text)


def test_connections_are_part_of_the_story_in_the_order_of_time(charger, member):
    at = [DAY + timedelta(seconds=n) for n in range(10)]
    append_frames([frame(charger.pk, at[n], n) for n in (2, 4, 7)])
    ConnectionLog.objects.create(
        charger=charger, connection_id=uuid.uuid4(), connected_at=at[1], ended_at=at[5],
        ended_by="network", close_code=1006,
    )  # fmt: skip
    ConnectionLog.objects.create(charger=charger, connection_id=uuid.uuid4(), connected_at=at[6])
    page = wire_page(member, charger.pk, search())
    assert [(line.kind, line.at.second) for line in page.lines] == [
        ("frame", 7), ("connected", 6), ("disconnected", 5), ("frame", 4), ("frame", 2),
        ("connected", 1),
    ]  # fmt: skip
    narrow = wire_page(member, charger.pk, search(action="Heartbeat"))
    assert [line.kind for line in narrow.lines] == ["frame"] * 3
    first = wire_page(member, charger.pk, search(), limit=1)
    second = wire_page(member, charger.pk, search(), limit=1, before=first.following)
    third = wire_page(member, charger.pk, search(), limit=1, before=second.following)
    told = [line for page in (first, second, third) for line in page.lines]
    assert [(line.kind, line.at.second) for line in told] == [
        (line.kind, line.at.second) for line in page.lines
    ]


def test_a_refused_handshake_is_part_of_the_story(charger, member):
    RefusedHandshake.objects.create(
        charger=charger, reason=RefusalReason.choices[0][0], attempts=7,
        first_seen_at=DAY, last_seen_at=DAY + timedelta(seconds=5),
    )  # fmt: skip
    append_frames([frame(charger.pk, DAY + timedelta(seconds=n), n) for n in (4, 6)])
    page = wire_page(member, charger.pk, search())
    assert [line.kind for line in page.lines] == ["frame", "refused", "frame"]
    assert page.lines[1].refusal.attempts == 7
    late = search(since=DAY + timedelta(seconds=6))
    assert [line.kind for line in wire_page(member, charger.pk, late).lines] == ["frame"]


def test_a_rivals_wire_log_is_not_there(charger):
    rival = make_member(make_cpo())
    append_frames([frame(charger.pk, DAY, 1)])
    assert wire_page(rival, charger.pk, search()) is None
    assert wire_page(make_member(charger.cpo), charger.pk, search()) is not None


def plan_of(rows):
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
        plan = cursor.fetchone()[0]
    return json.dumps(plan)


@pytest.mark.proves("pain 43", "pain 45")
def test_a_month_of_many_frames_is_searched_by_partition_and_index(charger):
    """Seven days of 60 chargers; two days are asked for: two partitions, each by its index."""
    days = [DAY + timedelta(days=n) for n in range(7)]
    frame_table = next(table for table in partitions.TABLES if table.table == "chargers_frame")
    for day in days:
        partitions._make(frame_table, day.date())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chargers_frame (charger_id, at, direction, message_id, action, request,"
            " response, outcome) SELECT n %% 60 + %s, %s::timestamptz + n * interval '60 seconds',"
            " 'in', n, 'Heartbeat', '[]', '[]', 'result' FROM generate_series(0, 10000) AS n",
            [charger.pk, DAY],
        )
        cursor.execute("ANALYZE chargers_frame")
    for rows in (
        search_frames(charger.pk, search())[:101],
        search_frames(charger.pk, search(action="BootNotification"))[:101],
        search_frames(charger.pk, search(), before=Cursor(DAY + timedelta(days=1), 5))[:101],
        search_frames(charger.pk, search(message_id="m1")).reverse()[:101],
    ):
        plan = plan_of(rows)
        used = set(re.findall(r"chargers_frame_p(\d{8})(?!\w*_idx)", plan))
        assert used <= {"20260310", "20260311"}, plan
        assert "20260310" in plan
        assert "Seq Scan" not in re.sub(r'"Seq Scan", "Parent[^}]*chargers_frame_default', "", plan)
        assert re.search(r"Index Scan[^}]*charger_id_at_idx", plan), plan
    assert search_frames(charger.pk, search()).count() == 48


@pytest.mark.proves("pain 45")
def test_frames_older_than_the_retention_go_with_their_partition(charger):
    old, kept = clock.now() - timedelta(days=40), clock.now() - timedelta(days=20)
    frame_table = next(table for table in partitions.TABLES if table.table == "chargers_frame")
    for moment in (old, kept):
        partitions._make(frame_table, moment.astimezone(UTC).date())
    absurd = datetime(2019, 1, 1, tzinfo=UTC)
    append_frames([frame(charger.pk, moment, n) for n, moment in enumerate((old, kept, absurd))])
    with override_settings(FRAME_RETENTION_DAYS=30):
        dropped = partitions.drop_partitions()
    assert f"chargers_frame_p{old:%Y%m%d}" in dropped
    left = Frame.objects.filter(charger_id=charger.pk).values_list("message_id", flat=True)
    assert list(left) == ["m1"]


def test_long_frames_are_stored_compressed(charger):
    """A GetConfiguration answer of 20 kB takes a fraction of it (TOAST: lz4 where there is lz4)."""
    keys = [{"key": f"Key{n}", "readonly": False, "value": "300"} for n in range(400)]
    text = json.dumps([3, "m", {"configurationKey": keys}])
    append_frames([frame(charger.pk, clock.now(), 1, text=text)])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_column_size(request), length(request), pg_column_compression(request)"
            " FROM chargers_frame WHERE charger_id = %s",
            [charger.pk],
        )
        stored, length, method = cursor.fetchone()
        cursor.execute("SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'")
        known = cursor.fetchone()[0]
    assert length == len(text) > 20_000
    assert stored < length // 4
    assert method == ("lz4" if "lz4" in known else "pglz")
