"""The application: both APIs and the pages over one set of books."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from simulator.gateway.iris import IrisApi
from simulator.gateway.midtrans import MidtransApi
from simulator.gateway.pages import Pages
from simulator.gateway.world import World
from simulator.gateway.xendit import XenditApi
from simulator.gateway.xendit_payouts import XenditPayouts


def make_app(world: World) -> Starlette:
    xendit, midtrans = XenditApi(world), MidtransApi(world)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await world.aclose()

    pages = Pages(world, xendit, midtrans)
    # Pages first: "/pay/…" and "/" are nobody's API.
    parts = (pages, xendit, XenditPayouts(world), midtrans, IrisApi(world))
    routes = [route for part in parts for route in part.routes()]
    return Starlette(routes=routes, lifespan=lifespan)
