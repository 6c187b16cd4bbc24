import pytest

from simulator.tests.central import Central, running
from simulator.tests.files import serving


@pytest.fixture
async def central():
    async with running(Central()) as started:
        yield started


@pytest.fixture
def files():
    with serving() as started:
        yield started
