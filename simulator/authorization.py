"""What a charger knows of id tags by itself: the local list and the cache (OCPP 1.6 §3.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from simulator.configuration import Configuration

IdTagInfo = dict[str, Any]


@dataclass
class Authorization:
    """Tags are compared casefolded; the local list wins over the cache.

    Either is used only where `configuration` switches it on; None: both are.
    """

    version: int = 0
    listed: dict[str, IdTagInfo] = field(default_factory=dict)
    cached: dict[str, IdTagInfo] = field(default_factory=dict)
    configuration: Configuration | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def known(self, id_tag: str) -> str | None:
        """The status the charger would decide by itself; None for a tag it does not know."""
        tag = id_tag.casefold()
        listed = self.listed.get(tag) if self._enabled("LocalAuthListEnabled") else None
        cached = self.cached.get(tag) if self._enabled("AuthorizationCacheEnabled") else None
        info = listed or cached
        if info is None:
            return None
        if not self._enabled("LocalAuthorizeOffline"):
            return "Invalid"
        return "Expired" if self._is_over(info) else str(info.get("status"))

    def group(self, id_tag: str) -> str | None:
        """The parent of a tag it was told of."""
        info = self.listed.get(id_tag.casefold()) or self.cached.get(id_tag.casefold()) or {}
        parent = info.get("parentIdTag")
        return None if parent is None else str(parent)

    def learn(self, id_tag: str, info: object) -> None:
        if isinstance(info, dict):
            self.cached[id_tag.casefold()] = info

    def update(self, version: int, kind: str, entries: list[dict[str, Any]]) -> str:
        """The status SendLocalList answers (OCPP 1.6 §5.15)."""
        tags = [str(entry["idTag"]).casefold() for entry in entries]
        if version <= 0 or len(set(tags)) < len(tags):
            return "Failed"
        if kind == "Full":
            if not all("idTagInfo" in entry for entry in entries):
                return "Failed"
        elif version <= self.version:
            return "VersionMismatch"
        listed = {} if kind == "Full" else dict(self.listed)
        for tag, entry in zip(tags, entries, strict=True):
            if "idTagInfo" in entry:
                listed[tag] = entry["idTagInfo"]
            else:
                listed.pop(tag, None)
        if len(listed) > self._most():
            return "Failed"
        self.listed, self.version = listed, version
        return "Accepted"

    def _enabled(self, key: str) -> bool:
        return self.configuration is None or self.configuration.flag(key)

    def _most(self) -> int:
        if self.configuration is None:
            return 1_000
        return self.configuration.number("LocalAuthListMaxLength")

    def _is_over(self, info: IdTagInfo) -> bool:
        if "expiryDate" not in info:
            return False
        until = datetime.fromisoformat(str(info["expiryDate"]))
        return (until if until.tzinfo else until.replace(tzinfo=UTC)) <= self.now()
