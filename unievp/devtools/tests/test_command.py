import os

import psycopg
import pytest

from unievp.devtools.command import services_for_command
from unievp.devtools.environment import create_env_file
from unievp.devtools.services import Services, State


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout after its first `make run`, in an environment of its own."""
    ours = ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "SECRET_KEY")
    monkeypatch.setattr(os, "environ", {k: v for k, v in os.environ.items() if k not in ours})
    create_env_file(tmp_path / ".data")
    yield tmp_path
    services = Services(tmp_path / ".data")
    services.stop()
    services.postgres.destroy()


def test_a_command_brings_its_services_and_takes_them_away(checkout):
    with services_for_command(checkout):
        assert os.environ["SECRET_KEY"]
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    assert not State.read(checkout / ".data").answers


@pytest.mark.slow
def test_a_failing_command_takes_them_away_too(checkout):
    with pytest.raises(SystemExit), services_for_command(checkout):
        raise SystemExit(1)
    assert not State.read(checkout / ".data").answers


@pytest.mark.slow
def test_a_command_finds_the_services_that_run_and_leaves_them(checkout):
    running = Services(checkout / ".data")
    state = running.start()
    with services_for_command(checkout):
        assert os.environ["DATABASE_URL"] == state.database_url
    assert state.answers
    running.release()


def test_named_services_are_used_and_nothing_is_started(checkout):
    os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = "postgres://x/y", "redis://x"
    with services_for_command(checkout):
        assert os.environ["DATABASE_URL"] == "postgres://x/y"
    assert State.read(checkout / ".data") is None


def test_without_the_env_file_of_make_run_nothing_is_started(checkout):
    (checkout / ".data" / "env").unlink()
    with services_for_command(checkout):
        assert "SECRET_KEY" not in os.environ
    assert State.read(checkout / ".data") is None
