"""Open pages of a person are told that their bell rang; the message only says "look"."""

from __future__ import annotations

from cpo.events import NotificationsMade
from unievp.lib.live import broadcast, group_name


def person_group(user_id: int) -> str:
    return group_name("person", user_id)


def on_notifications_made(event: NotificationsMade) -> None:
    for user_id in event.user_ids:
        broadcast(person_group(user_id), {"type": "bell.rang"})
