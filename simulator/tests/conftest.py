import pytest

from simulator.tests.central import Central, running


@pytest.fixture
async def central():
    async with running(Central()) as started:
        yield started
