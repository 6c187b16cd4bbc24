import socket

import pytest

from unievp.devtools.processes import is_alive
from unievp.devtools.services import Services, State


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def services(tmp_path):
    """Services of a data directory of our own; nothing of them is left afterwards."""
    made: list[Services] = []

    def make(name="data", *, durable=False):
        made.append(Services(tmp_path / name, durable=durable))
        return made[-1]

    yield make
    for each in made:
        each.release()
        each.stop()
        each.postgres.destroy()


@pytest.fixture
def pids_of():
    """Every process that the services of a data directory consist of."""

    def find(each: Services):
        cluster = each.postgres.cluster
        servers = each.postgres.processes(cluster) if cluster else []
        state = State.read(each.data_dir)
        others = [each.valkey.pid, state and state.keeper]
        return [pid for pid in [*servers, *others] if pid and is_alive(pid)]

    return find
