import pytest_asyncio

from chargers.ocpp.tests.fleet import amake_charger, amake_token
from chargers.ocpp.tests.oca.point import connected


@pytest_asyncio.fixture
async def charger(orm):
    """A registered charger and a known tag; not connected yet."""
    row = await amake_charger()
    await amake_token("TAG1")
    return row


@pytest_asyncio.fixture
async def point(server, charger):
    """Connected and booted."""
    async with connected(server, charger) as point:
        await point.boot()
        yield point
