import psycopg
import pytest

from unievp.devtools import testing
from unievp.devtools.processes import ServiceError
from unievp.devtools.services import State


@pytest.fixture
def session(monkeypatch):
    """The slot of the running session stays what it is."""
    monkeypatch.setattr(testing.Session, "slot", None)
    return testing.Session


def test_sessions_side_by_side_get_different_databases(tmp_path, session):
    assert testing._take_slot(tmp_path) == 0
    first = session.slot
    assert testing._take_slot(tmp_path) == 1
    first.close()
    session.slot.close()
    assert testing._take_slot(tmp_path) == 0
    session.slot.close()


def test_more_sessions_than_there_is_room_for_are_refused(tmp_path, session, monkeypatch):
    monkeypatch.setattr(testing, "SLOTS", 1)
    testing._take_slot(tmp_path)
    held = session.slot
    with pytest.raises(ServiceError, match="1 test sessions run already"):
        testing._take_slot(tmp_path)
    held.close()


def test_workers_of_all_sessions_have_databases_and_channels_of_their_own(monkeypatch):
    seen = set()
    for slot in range(testing.SLOTS):
        for worker in range(testing.DATABASES_PER_SESSION):
            monkeypatch.setenv("UNIEV_TEST_SLOT", str(slot))
            monkeypatch.setenv("REDIS_URL", "redis://:x@127.0.0.1:1/0")
            monkeypatch.setenv("CHANNEL_PREFIX", "")
            testing._choose_databases(worker)
            seen.add((testing.os.environ["REDIS_URL"], testing.os.environ["CHANNEL_PREFIX"]))
    assert len(seen) == testing.DATABASES


@pytest.mark.slow
def test_only_databases_of_killed_sessions_are_dropped(services):
    state: State = services().start()
    with psycopg.connect(state.database_url, autocommit=True) as connection:
        for name in ("test_uniev_123", "test_uniev_123_gw0", "test_uniev", "mine"):
            connection.execute(f'CREATE DATABASE "{name}"')
        testing._drop_leftovers(state)
        left = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
    assert left == {"test_uniev", "mine", "uniev", "postgres", "template0", "template1"}
