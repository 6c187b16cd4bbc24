import pytest_asyncio

from chargers.ocpp.tests.server import running_server


@pytest_asyncio.fixture
async def server(transactional_db):
    async with running_server() as server:
        yield server
