"""The board's live socket: says which chargers changed, and nothing about them.

The page fetches what changed through the portal's own views, so there is one place that decides
who sees what, and a membership that ends while a socket is open gives nothing away but ids.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from channels.generic.websocket import AsyncJsonWebsocketConsumer

from chargers import live
from cpo.access import cpos_of
from cpo.live import person_group
from cpo.models import User
from unievp.lib.db import in_db

# Close codes for our own script (RFC 6455 §7.4.2, private use): do not come back.
NOT_SIGNED_IN = 4401
NOTHING_TO_SEE = 4403


class BoardConsumer(AsyncJsonWebsocketConsumer):
    """Out: `{"kind": "hello", "versions": {cpo: n}}` once the groups are joined, then
    `{"kind": "changed", "cpo": id, "version": n, "chargers": [id, …]}`, and `{"kind": "bell"}`
    for something new to the person; `{"kind": "pong"}` answers `{"kind": "ping"}`, by which a page
    notices a line that is dead but not closed.
    """

    async def connect(self) -> None:
        self.groups_joined: list[str] = []
        user: object = self.scope.get("user")
        await self.accept()
        if not isinstance(user, User):
            await self.close(NOT_SIGNED_IN)
            return
        wanted = parse_qs(self.scope["query_string"].decode("latin-1")).get("cpo", [""])[0]
        cpo_ids = await in_db(_watched, user, wanted)
        if not cpo_ids:
            await self.close(NOTHING_TO_SEE)
            return
        for group in (person_group(user.pk), *map(live.cpo_group, cpo_ids)):
            self.groups_joined.append(group)
            await self.channel_layer.group_add(group, self.channel_name)
        # After joining: whatever is older than these versions is in the page or is fetched now.
        await self.send_json({"kind": "hello", "versions": await in_db(live.versions, cpo_ids)})

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  (the base's signature)
        for group in self.groups_joined:
            await self.channel_layer.group_discard(group, self.channel_name)

    async def receive(
        self,
        text_data: str | None = None,
        bytes_data: bytes | None = None,  # noqa: ARG002  (the base's signature)
        **_kwargs: Any,
    ) -> None:
        """Only pings come in; anything else is no protocol of ours and is ignored."""
        if text_data == '{"kind":"ping"}':
            await self.send_json({"kind": "pong"})

    async def bell_rang(self, _message: dict[str, Any]) -> None:
        await self.send_json({"kind": "bell"})

    async def chargers_changed(self, message: dict[str, Any]) -> None:
        await self.send_json(
            {
                "kind": "changed",
                "cpo": message["cpo"],
                "version": message["version"],
                "chargers": message["chargers"],
            }
        )


def _watched(user: User, wanted: str) -> list[UUID]:
    """The CPOs that the page shows (`unievp.web.portal.company.desk_of` decides the same way)."""
    ids: list[UUID] = list(cpos_of(user).values_list("pk", flat=True))
    chosen = [cpo_id for cpo_id in ids if str(cpo_id) == wanted]
    return chosen or ids
