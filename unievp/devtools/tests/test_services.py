import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import redis

from unievp.devtools.processes import is_alive, port_is_free, wait_until
from unievp.devtools.services import Services, State

CHECKOUT = Path(__file__).parents[3]
USER_SCRIPT = """
import sys, time
from pathlib import Path
from unievp.devtools.services import Services
services = Services(Path(sys.argv[1]), durable=False)
print(services.start().postgres_port, flush=True)
time.sleep(60)
"""


def ask(state, query):
    with psycopg.connect(state.database_url, autocommit=True) as connection:
        cursor = connection.execute(query)
        return cursor.fetchall() if cursor.description else None


def make_table(state):
    ask(state, "CREATE TABLE proof (id int)")
    ask(state, "INSERT INTO proof VALUES (7)")


def postmaster(services):
    return services.postgres._postmaster(services.postgres.cluster)


def start_user(data_dir):
    """Another process that uses the services until it is killed."""
    user = subprocess.Popen(
        [sys.executable, "-c", USER_SCRIPT, data_dir], cwd=CHECKOUT, stdout=subprocess.PIPE
    )
    assert user.stdout.readline().strip().isdigit()
    return user


@pytest.mark.slow
def test_both_servers_answer_and_are_set_up_as_the_platform_needs_them(services):
    state = services().start()
    row = ask(
        state,
        "SELECT current_setting('server_encoding'), current_setting('timezone'),"
        " current_setting('max_connections'), current_setting('server_version_num')::int / 10000,"
        " current_setting('listen_addresses'), current_database()",
    )
    assert row == [("UTF8", "UTC", "200", 16, "127.0.0.1", "uniev")]
    with redis.Redis.from_url(state.redis_url) as client:
        assert client.ping()
        assert client.config_get("bind") == {"bind": "127.0.0.1"}


@pytest.mark.slow
def test_nobody_gets_in_without_the_password(services):
    state = services().start()
    wrong = psycopg.conninfo.make_conninfo(state.database_url, password="guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)
    with redis.Redis(port=state.valkey_port) as client, pytest.raises(redis.AuthenticationError):
        client.ping()


@pytest.mark.slow
def test_the_recorded_passwords_are_readable_by_their_owner_only(services):
    each = services()
    each.start()
    for file in ("services.json", "postgres/cluster.json", "valkey/server.json"):
        assert stat.S_IMODE((each.data_dir / file).stat().st_mode) == 0o600
    assert stat.S_IMODE((each.data_dir / "valkey/valkey.conf").stat().st_mode) == 0o600


@pytest.mark.slow
def test_release_leaves_no_process_and_starting_again_keeps_data_and_port(services, pids_of):
    each = services(durable=True)
    first = each.start()
    make_table(first)
    running = pids_of(each)
    each.release()
    assert [pid for pid in running if is_alive(pid)] == []
    assert port_is_free(first.postgres_port)
    second = services(durable=True).start()
    assert second.postgres_port == first.postgres_port
    assert ask(second, "SELECT id FROM proof") == [(7,)]


@pytest.mark.slow
def test_a_postmaster_killed_with_its_children_left_is_recovered(services):
    each = services(durable=True)
    state = each.start()
    make_table(state)
    pid = postmaster(each)
    held = psycopg.connect(state.database_url)
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    again = services(durable=True).start()
    assert ask(again, "SELECT id FROM proof") == [(7,)]
    held.close()


@pytest.mark.slow
def test_a_frozen_server_is_replaced(services):
    each = services(durable=True)
    state = each.start()
    make_table(state)
    frozen = postmaster(each)
    os.kill(frozen, signal.SIGSTOP)
    again = services(durable=True).start()
    assert not is_alive(frozen)
    assert ask(again, "SELECT id FROM proof") == [(7,)]


@pytest.mark.slow
def test_a_pid_file_that_names_a_foreign_process_is_stale(services):
    each = services(durable=True)
    make_table(each.start())
    cluster = each.postgres.cluster
    lock_file = cluster.path / "data" / "postmaster.pid"
    lines = lock_file.read_text().splitlines()
    each.release()
    lock_file.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    (each.data_dir / "valkey" / "server.pid").write_text(str(os.getpid()))
    state = services(durable=True).start()
    assert ask(state, "SELECT id FROM proof") == [(7,)]


@pytest.mark.slow
def test_a_garbled_record_of_an_earlier_run_is_ignored(services):
    each = services()
    each.start()
    each.release()
    State.file(each.data_dir).write_text('{"postgres_port": ')
    (each.data_dir / "valkey" / "server.json").write_text("")
    assert services().start().answers


@pytest.mark.slow
def test_a_killed_valkey_is_started_again(services):
    each = services()
    each.start()
    os.kill(each.valkey.pid, signal.SIGKILL)
    state = services().start()
    with redis.Redis.from_url(state.redis_url) as client:
        assert client.ping()


@pytest.mark.slow
def test_a_port_taken_by_someone_else_is_given_up(services):
    each = services()
    first = each.start()
    each.release()
    with socket.create_server(("127.0.0.1", first.postgres_port)):
        second = services().start()
        assert second.postgres_port != first.postgres_port
        assert ask(second, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_two_checkouts_side_by_side_do_not_see_each_other(services):
    one, two = services("one"), services("two")
    make_table(one.start())
    other = two.start()
    assert ask(other, "SELECT to_regclass('proof')") == [(None,)]
    assert one.postgres.cluster.path != two.postgres.cluster.path
    two.release()
    assert ask(State.read(one.data_dir), "SELECT id FROM proof") == [(7,)]


@pytest.mark.slow
def test_a_copied_checkout_gets_a_cluster_of_its_own(services, tmp_path):
    original = services("original")
    make_table(original.start())
    shutil.copytree(tmp_path / "original", tmp_path / "copy", symlinks=True)
    copy = services("copy")
    state = copy.start()
    assert state.postgres_port != State.read(original.data_dir).postgres_port
    assert copy.valkey.pid != original.valkey.pid
    assert copy.postgres.cluster.path != original.postgres.cluster.path
    copy.release()
    assert ask(State.read(original.data_dir), "SELECT id FROM proof") == [(7,)]


@pytest.mark.slow
def test_a_moved_checkout_takes_its_data_along(services, tmp_path):
    old = services("old", durable=True)
    make_table(old.start())
    old.release()
    (tmp_path / "old").rename(tmp_path / "new")
    assert ask(services("new", durable=True).start(), "SELECT id FROM proof") == [(7,)]


@pytest.mark.slow
def test_a_new_checkout_where_a_deleted_one_was_starts_empty(services):
    each = services()
    make_table(each.start())
    each.release()
    shutil.rmtree(each.data_dir)
    assert ask(services().start(), "SELECT to_regclass('proof')") == [(None,)]


@pytest.mark.slow
def test_processes_that_start_at_once_share_one_server(tmp_path, services):
    with ThreadPoolExecutor(4) as pool:
        users = list(pool.map(start_user, [tmp_path / "data"] * 4))
    each = services()
    state = each.start()
    assert not each.fresh
    assert ask(state, "SELECT count(*) FROM pg_database WHERE datname = 'uniev'") == [(1,)]
    for user in users:
        user.kill()
        user.wait()
    assert state.answers


@pytest.mark.slow
def test_a_killed_user_leaves_nothing_running(tmp_path, services, pids_of):
    user = start_user(tmp_path / "data")
    each = services()
    running = pids_of(each)
    assert len(running) >= 3
    user.kill()
    user.wait()
    assert wait_until(lambda: not any(map(is_alive, running)), timeout=15)


@pytest.mark.slow
def test_the_first_to_leave_does_not_stop_the_others_servers(services):
    one, two = services(), services()
    one.start()
    state = two.start()
    one.release()
    assert ask(state, "SELECT 1") == [(1,)]


@pytest.mark.slow
def test_no_permission_of_a_foreign_folder_changes(tmp_path, services):
    tmp_path.chmod(0o700)
    before = [(p, p.stat().st_mode, p.stat().st_uid) for p in [tmp_path, *tmp_path.parents]]
    services().start()
    assert [(p, p.stat().st_mode, p.stat().st_uid) for p in [tmp_path, *tmp_path.parents]] == before


@pytest.mark.slow
def test_starting_twice_in_one_process_is_harmless(services):
    each: Services = services()
    assert each.start() == each.start()
