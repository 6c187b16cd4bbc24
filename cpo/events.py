"""What happens to companies that others may want to know, published on commit."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class CompanyRegistered:
    cpo_id: UUID


@dataclass(frozen=True, slots=True)
class MemberInvited:
    invitation_id: int


@dataclass(frozen=True, slots=True)
class WebhooksDue:
    """Events wait to be delivered to somebody's endpoint."""


@dataclass(frozen=True, slots=True)
class NotificationsMade:
    """These people have something new in their bell, or a mail to get."""

    user_ids: tuple[int, ...]
