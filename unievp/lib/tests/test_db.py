from __future__ import annotations

import asyncio
import contextvars
import threading

import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.test import override_settings

from unievp.lib import db
from unievp.lib.db import in_db, is_connection_lost, retry_on_conflict, sqlstate
from unievp.lib.tests.conftest import THREADS

pytestmark = pytest.mark.usefixtures("scratch")

charger = contextvars.ContextVar("charger", default="none")


def query(sql, *params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0] if cursor.description else None


def backend():
    return query("SELECT pg_backend_pid()")


def lose_connection():
    return query("SELECT pg_terminate_backend(pg_backend_pid())")


def database_error(error_class, state=None):
    """What Django raises for a psycopg error with this SQLSTATE."""
    error = error_class("from the test")
    error.__cause__ = psycopg.OperationalError("from the test")
    if state:
        error.__cause__ = psycopg.errors.lookup(state)("from the test")
    return error


async def test_as_many_calls_run_at_once_as_there_are_threads():
    together = threading.Barrier(THREADS)
    calls = [in_db(together.wait, timeout=10) for _ in range(THREADS)]
    assert sorted(await asyncio.gather(*calls)) == list(range(THREADS))


async def test_connections_are_bounded_and_persistent():
    backends = [await in_db(backend) for _ in range(4 * THREADS)]
    assert len(set(backends)) <= THREADS


async def test_arguments_result_and_error_pass_through():
    assert await in_db(divmod, 7, 2) == (3, 1)
    assert await in_db(int, "ff", base=16) == 255
    with pytest.raises(ZeroDivisionError):
        await in_db(divmod, 7, 0)


async def test_context_variables_go_in_and_do_not_come_out():
    def read_and_set():
        before = charger.get()
        charger.set("changed inside")
        return before

    charger.set("CP1")
    assert await in_db(read_and_set) == "CP1"
    assert charger.get() == "CP1"


async def test_the_pool_thread_knows_the_loop_that_waits_for_it():
    assert await in_db(db.calling_loop) is asyncio.get_running_loop()
    assert db.calling_loop() is None


async def lose_every_connection():
    together = threading.Barrier(THREADS)

    def lose():
        together.wait(timeout=10)
        lose_connection()

    return await asyncio.gather(*[in_db(lose) for _ in range(THREADS)], return_exceptions=True)


async def test_a_lost_connection_costs_one_call_per_thread_and_heals():
    before = {await in_db(backend) for _ in range(4 * THREADS)}
    errors = await lose_every_connection()
    assert all(is_connection_lost(error) for error in errors)
    after = {await in_db(backend) for _ in range(4 * THREADS)}
    assert not before & after


async def test_a_swallowed_connection_error_heals_as_well():
    def swallow():
        with pytest.raises(OperationalError):
            lose_connection()

    await in_db(swallow)
    assert {await in_db(query, "SELECT 1") for _ in range(4 * THREADS)} == {1}


def close_here():
    # Looked up here: `connection.close` as an argument would be the event loop's connection.
    connection.close()


async def test_size_zero_uses_the_thread_sensitive_thread():
    with override_settings(DB_POOL_THREADS=0):
        inside = await in_db(threading.get_ident)
        assert await in_db(query, "SELECT 41 + 1") == 42
        assert await in_db(db.calling_loop) is None
        db.close_pool()
    assert inside == await sync_to_async(threading.get_ident, thread_sensitive=True)()
    with override_settings(DB_POOL_THREADS=0):
        await in_db(close_here)


async def test_two_transactions_that_deadlock_both_finish():
    await in_db(query, "INSERT INTO lib_scratch (key, item) VALUES (901, 0), (902, 0)")
    first_round = threading.Barrier(2)
    attempts = []

    @retry_on_conflict
    def lock_both(first, second):
        attempts.append(first)
        with transaction.atomic():
            query("SET LOCAL deadlock_timeout = '20ms'")
            query("UPDATE lib_scratch SET item = item + 1 WHERE key = %s", first)
            if len(attempts) <= 2:
                first_round.wait(timeout=10)
            query("UPDATE lib_scratch SET item = item + 1 WHERE key = %s", second)

    await asyncio.gather(in_db(lock_both, 901, 902), in_db(lock_both, 902, 901))
    assert len(attempts) > 2
    assert await in_db(query, "SELECT sum(item) FROM lib_scratch WHERE key > 900") == 4


def failing(*errors):
    """A function that raises each error in turn, then returns its number of calls."""
    remaining = list(errors)
    calls = []

    def call():
        calls.append(1)
        if remaining:
            raise remaining.pop(0)
        return len(calls)

    return call, calls


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_conflict_is_tried_again(state):
    call, _ = failing(*[database_error(OperationalError, state)] * 3)
    assert retry_on_conflict(call)() == 4


def test_the_fourth_conflict_is_the_last():
    call, calls = failing(*[database_error(OperationalError, "40001")] * 9)
    with pytest.raises(OperationalError):
        retry_on_conflict(call)()
    assert len(calls) == 4


@pytest.mark.parametrize(
    "error", [database_error(OperationalError, "57014"), IntegrityError("twice"), ValueError("no")]
)
def test_another_error_is_not_tried_again(error):
    call, calls = failing(error)
    with pytest.raises(type(error)):
        retry_on_conflict(call)()
    assert len(calls) == 1


def test_inside_a_transaction_nothing_is_tried_again():
    call, calls = failing(database_error(OperationalError, "40P01"))
    with pytest.raises(OperationalError), transaction.atomic():
        retry_on_conflict(call)()
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (InterfaceError("connection already closed"), True),
        (OperationalError("connection refused"), True),
        (database_error(OperationalError, "57P01"), True),
        (database_error(OperationalError, "08006"), True),
        (database_error(OperationalError, "53300"), True),
        (database_error(OperationalError, "57014"), False),
        (database_error(OperationalError, "40P01"), False),
        (IntegrityError("twice"), False),
        (ValueError("no"), False),
    ],
)
def test_a_lost_connection_is_told_from_a_bad_statement(error, lost):
    assert is_connection_lost(error) is lost


def test_sqlstate_is_postgresqls():
    with pytest.raises(OperationalError) as caught:
        lose_connection()
    assert sqlstate(caught.value) == "57P01"
    db.close_broken_connections()
    assert query("SELECT 1") == 1
