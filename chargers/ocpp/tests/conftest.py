import pytest_asyncio
from asgiref.sync import sync_to_async
from django.db import connections

from chargers.ocpp.tests.server import running_server


@pytest_asyncio.fixture
async def orm(transactional_db):
    """The database for async tests."""
    yield
    # The thread of the ORM ends with this test's event loop; its connection has to go first.
    await sync_to_async(connections.close_all)()


@pytest_asyncio.fixture
async def server(orm):
    async with running_server() as server:
        yield server
