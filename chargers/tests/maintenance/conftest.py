import pytest

from chargers.tests.maintenance.parts import make_online


@pytest.fixture(autouse=True)
def private_root(settings, tmp_path):
    """Where files go in these tests."""
    settings.PRIVATE_ROOT = tmp_path / "private"
    return settings.PRIVATE_ROOT


@pytest.fixture
def charger(db):
    return make_online()
