from __future__ import annotations

import asyncio
import logging
import threading

import pytest
from django.db import OperationalError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from unievp.lib.db import in_db
from unievp.lib.group_commit import GroupCommit

pytestmark = pytest.mark.usefixtures("scratch")


class PoisonError(Exception):
    pass


class Store:
    """Writes (key, item) rows; remembers each batch; `poison` items raise out of `write`."""

    def __init__(self, poison=()):
        self.poison = set(poison)
        self.batches = []

    def write(self, rows):
        self.batches.append(list(rows))
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO lib_scratch (key, item) VALUES (%s, %s)", rows)
        for _, item in rows:
            if item in self.poison:
                raise PoisonError(item)
        return [item * 10 for _, item in rows]


class Gate:
    """Holds the first batch inside the database until it is opened."""

    def __init__(self, write):
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.write = write

    def __call__(self, rows):
        if not self.entered.is_set():
            self.entered.set()
            assert self.opened.wait(timeout=10)
        return self.write(rows)

    async def wait_entered(self):
        assert await asyncio.to_thread(self.entered.wait, 10)


def stored():
    with connection.cursor() as cursor:
        cursor.execute("SELECT key, item FROM lib_scratch ORDER BY position")
        return cursor.fetchall()


def clear():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lib_scratch")


@pytest.fixture(autouse=True)
async def _empty(scratch):
    await in_db(clear)


async def submit(group, key, item):
    return await group.submit(key, (key, item))


ITEMS = st.lists(
    st.tuples(st.integers(0, 4), st.booleans(), st.integers(0, 2)), min_size=1, max_size=25
)


@settings(max_examples=40, deadline=None)
@given(items=ITEMS, max_batch=st.integers(1, 6), writers=st.integers(1, 3))
def test_any_traffic_is_stored_once_in_order_and_answered_after_its_commit(
    items, max_batch, writers
):
    """`items`: (key, poisoned, turns of the loop before the next submission)."""
    poison = {number for number, (_, poisoned, _) in enumerate(items) if poisoned}
    store = Store(poison)

    async def submit_and_look(group, key, number):
        if number in poison:
            with pytest.raises(PoisonError, match=f"^{number}$"):
                await submit(group, key, number)
            assert (key, number) not in await in_db(stored)
            return "poisoned"
        result = await submit(group, key, number)
        assert (key, number) in await in_db(stored)
        return result

    async def scenario():
        await in_db(clear)
        group = GroupCommit(store.write, max_batch=max_batch, writers=writers)
        waiters = []
        for number, (key, _, turns) in enumerate(items):
            waiters.append(asyncio.create_task(submit_and_look(group, key, number)))
            for _ in range(turns):
                await asyncio.sleep(0)
        results = await asyncio.gather(*waiters)
        await group.aclose()
        return results, await in_db(stored)

    results, rows = asyncio.run(scenario())
    numbers = range(len(items))
    assert results == ["poisoned" if number in poison else number * 10 for number in numbers]
    for key in range(5):
        expected = [n for n in numbers if items[n][0] == key and n not in poison]
        assert [item for row_key, item in rows if row_key == key] == expected
    for batch in store.batches:
        assert len(batch) <= max_batch
        assert len({key for key, _ in batch}) == len(batch)


async def test_an_idle_system_commits_at_once_and_a_busy_one_collects():
    store = Store()
    gate = Gate(store.write)
    group = GroupCommit(gate)
    first = group.submit(0, (0, 0))
    await gate.wait_entered()
    later = [group.submit(key, (key, key)) for key in range(1, 6)]
    gate.opened.set()
    assert await asyncio.gather(first, *later) == [0, 10, 20, 30, 40, 50]
    assert [len(batch) for batch in store.batches] == [1, 5]


async def test_a_charger_that_waits_for_each_answer_is_served_each_time():
    group = GroupCommit(Store().write)
    for item in range(5):
        assert await asyncio.wait_for(group.submit("A", (0, item)), timeout=10) == item * 10
    assert await in_db(stored) == [(0, item) for item in range(5)]


async def test_a_batch_is_one_transaction():
    ids = []

    def write(rows):
        with connection.cursor() as cursor:
            cursor.execute("SELECT txid_current()")
            ids.extend(cursor.fetchone() * len(rows))
        return rows

    group = GroupCommit(write)
    await asyncio.gather(*[group.submit(key, key) for key in range(8)])
    assert len(ids) == 8
    assert len(set(ids)) == 1


async def test_a_poisoned_item_fails_alone(caplog):
    store = Store(poison={2})
    group = GroupCommit(store.write)
    with caplog.at_level(logging.ERROR):
        results = await asyncio.gather(
            *[submit(group, key, key) for key in range(4)], return_exceptions=True
        )
    assert results[:2] + results[3:] == [0, 10, 30]
    assert isinstance(results[2], PoisonError)
    assert await in_db(stored) == [(0, 0), (1, 1), (3, 3)]
    assert "rolled back" in caplog.text


async def test_a_returned_exception_refuses_one_item_and_commits_the_rest():
    def write(rows):
        Store().write(rows)
        return [PoisonError("no") if item == 1 else item for _, item in rows]

    group = GroupCommit(write)
    results = await asyncio.gather(
        *[submit(group, key, key) for key in range(3)], return_exceptions=True
    )
    assert [type(result) for result in results] == [int, PoisonError, int]
    assert len(await in_db(stored)) == 3


async def test_a_cancelled_waiter_leaves_its_item_in_the_batch():
    store = Store()
    gate = Gate(store.write)
    group = GroupCommit(gate)
    waiters = [asyncio.create_task(submit(group, key, key)) for key in range(3)]
    await gate.wait_entered()
    waiters[1].cancel()
    gate.opened.set()
    results = await asyncio.gather(*waiters, return_exceptions=True)
    assert results[0] == 0
    assert isinstance(results[1], asyncio.CancelledError)
    assert results[2] == 20
    assert await in_db(stored) == [(0, 0), (1, 1), (2, 2)]


async def test_a_key_in_the_database_is_not_given_to_a_second_writer():
    store = Store()
    gate = Gate(store.write)
    group = GroupCommit(gate, writers=2)
    first = group.submit("A", (0, 1))
    await gate.wait_entered()
    second = group.submit("A", (0, 2))
    assert await group.submit("B", (1, 3)) == 30
    assert not second.done()
    gate.opened.set()
    assert await asyncio.gather(first, second) == [10, 20]
    assert await in_db(stored) == [(1, 3), (0, 1), (0, 2)]


async def test_lingering_waits_for_company():
    store = Store()
    group = GroupCommit(store.write, linger=0.2)
    first = group.submit(0, (0, 0))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    second = group.submit(1, (1, 1))
    assert await asyncio.gather(first, second) == [0, 10]
    assert [len(batch) for batch in store.batches] == [2]


async def test_closing_writes_what_waits_and_refuses_the_rest():
    store = Store()
    group = GroupCommit(store.write, max_batch=2)
    replies = [group.submit("A", (0, item)) for item in range(5)]
    await group.aclose()
    assert [reply.result() for reply in replies] == [0, 10, 20, 30, 40]
    with pytest.raises(RuntimeError, match="closed"):
        await group.submit("A", (0, 9))


async def test_a_connection_lost_in_a_batch_is_invisible_to_the_chargers():
    store = Store()
    lost = []

    def write(rows):
        if not lost:
            lost.append(1)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return store.write(rows)

    group = GroupCommit(write)
    assert await asyncio.gather(*[submit(group, key, key) for key in range(3)]) == [0, 10, 20]
    assert await in_db(stored) == [(0, 0), (1, 1), (2, 2)]


async def test_an_absent_server_is_asked_twice_and_not_once_per_item():
    calls = []

    def write(rows):
        calls.append(len(rows))
        raise OperationalError("connection refused")

    group = GroupCommit(write)
    results = await asyncio.gather(
        *[submit(group, key, key) for key in range(50)], return_exceptions=True
    )
    assert {type(result) for result in results} == {OperationalError}
    assert calls == [50, 1]


async def test_a_failing_commit_hook_does_not_write_the_batch_again(caplog):
    store = Store()

    def fail():
        raise OSError("broker is away")

    def write(rows):
        transaction.on_commit(fail)
        return store.write(rows)

    group = GroupCommit(write)
    with caplog.at_level(logging.ERROR):
        assert await asyncio.gather(submit(group, 1, 1), submit(group, 2, 2)) == [10, 20]
    assert await in_db(stored) == [(1, 1), (2, 2)]
    assert "broker is away" in caplog.text


async def test_a_result_too_few_is_an_error_and_stores_nothing():
    store = Store()
    group = GroupCommit(lambda rows: store.write(rows)[1:])
    results = await asyncio.gather(
        *[submit(group, key, key) for key in range(2)], return_exceptions=True
    )
    assert [type(result) for result in results] == [RuntimeError, RuntimeError]
    assert await in_db(stored) == []


async def test_a_failed_batch_does_not_stop_the_next():
    store = Store(poison={1})
    group = GroupCommit(store.write)
    with pytest.raises(PoisonError):
        await group.submit("A", (0, 1))
    assert await group.submit("A", (0, 2)) == 20
    assert await in_db(stored) == [(0, 2)]


def test_a_loop_that_ends_does_not_break_the_next_one():
    store = Store()
    group = GroupCommit(store.write)

    async def leave_without_waiting():
        group.submit("A", (0, 1))

    async def wait():
        return await asyncio.wait_for(group.submit("B", (1, 2)), timeout=10)

    asyncio.run(leave_without_waiting())
    assert asyncio.run(wait()) == 20
