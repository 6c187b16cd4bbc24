import os
import stat
import sys

import pytest
from cryptography.fernet import Fernet

from unievp.devtools import environment, testing


@pytest.fixture
def variables(monkeypatch):
    """An environment of its own: what the code sets is gone afterwards."""
    fresh = {name: value for name, value in os.environ.items() if not name.startswith("UT_")}
    monkeypatch.setattr(os, "environ", fresh)
    return fresh


def test_the_secrets_are_readable_by_their_owner_only(tmp_path):
    path = environment.create_env_file(tmp_path / "data")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_env_file_makes_a_working_development_environment(tmp_path, variables):
    for name in ("SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "DEBUG", "ALLOWED_HOSTS"):
        variables.pop(name, None)
    environment.load_env_file(environment.create_env_file(tmp_path))
    assert variables["DEBUG"] == "1"
    assert "127.0.0.1" in variables["ALLOWED_HOSTS"].split(",")
    assert len(variables["SECRET_KEY"]) >= 50
    Fernet(variables["FIELD_ENCRYPTION_KEYS"])


def test_a_second_start_keeps_the_secrets(tmp_path):
    before = environment.create_env_file(tmp_path).read_text()
    assert environment.create_env_file(tmp_path).read_text() == before
    assert [path.name for path in tmp_path.iterdir()] == ["env"]


def test_two_checkouts_have_different_secrets(tmp_path):
    one = environment.create_env_file(tmp_path / "one").read_text()
    assert environment.create_env_file(tmp_path / "two").read_text() != one


def test_the_real_environment_wins_over_the_file(tmp_path, variables):
    (tmp_path / "env").write_text("# UT_A=comment\nUT_A=file\nUT_B=a=b\n\n")
    variables["UT_A"] = "real"
    environment.load_env_file(tmp_path / "env")
    assert variables["UT_A"] == "real"
    assert variables["UT_B"] == "a=b"


def test_prepare_does_nothing_without_the_development_wheels(tmp_path, variables, monkeypatch):
    monkeypatch.setattr(environment, "wheels_installed", lambda: False)
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "env").write_text("UT_A=file\n")
    before = dict(variables)
    environment.prepare(tmp_path)
    assert variables == before


def test_prepare_ignores_services_that_no_longer_run(tmp_path, variables, monkeypatch, free_port):
    monkeypatch.delitem(sys.modules, "pytest")
    for name in ("DATABASE_URL", "REDIS_URL", "DATA_DIR"):
        variables.pop(name, None)
    (tmp_path / ".data").mkdir()
    (tmp_path / ".data" / "services.json").write_text(
        f'{{"postgres_port": {free_port}, "valkey_port": {free_port}, "keeper": 1,'
        ' "database_url": "x", "redis_url": "y"}'
    )
    environment.prepare(tmp_path)
    assert "DATABASE_URL" not in variables


def test_the_test_encryption_key_is_a_fernet_key():
    Fernet(testing.TEST_SECRETS["FIELD_ENCRYPTION_KEYS"])


def test_this_test_runs_with_services_and_secrets_of_its_own():
    assert os.environ["DEBUG"] == "0"
    assert os.environ["SECRET_KEY"] == testing.TEST_SECRETS["SECRET_KEY"]
    assert os.environ["DATA_DIR"].endswith("test")
    assert os.environ["TEST_DATABASE_NAME"].startswith("test_uniev")
    database = int(os.environ["REDIS_URL"].rpartition("/")[2])
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")
    expected = int(os.environ["UNIEV_TEST_SLOT"]) * testing.DATABASES_PER_SESSION
    assert database == expected + 1 + int(worker)
    assert os.environ["CHANNEL_PREFIX"] == f"test-{database}"
