import pytest

from payments.tests.fake_gateway import running_gateway


@pytest.fixture(scope="session")
def _running():
    with running_gateway() as gateway:
        yield gateway


@pytest.fixture
def fake(_running):
    """The bundled fake gateway with empty books, no faults and nowhere to send webhooks."""
    _running.reset()
    yield _running
    _running.reset()
