"""What a charger knows of id tags by itself: the local list and the cache (OCPP 1.6 §3.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

IdTagInfo = dict[str, Any]


@dataclass
class Authorization:
    """Tags are compared casefolded; the local list wins over the cache."""

    version: int = 0
    listed: dict[str, IdTagInfo] = field(default_factory=dict)
    cached: dict[str, IdTagInfo] = field(default_factory=dict)

    def known(self, id_tag: str) -> str | None:
        """The status the charger would decide by itself; None for a tag it does not know."""
        info = self.listed.get(id_tag.casefold()) or self.cached.get(id_tag.casefold())
        return None if info is None else str(info.get("status"))

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
            self.listed = {}
        elif version <= self.version:
            return "VersionMismatch"
        for tag, entry in zip(tags, entries, strict=True):
            if "idTagInfo" in entry:
                self.listed[tag] = entry["idTagInfo"]
            else:
                self.listed.pop(tag, None)
        self.version = version
        return "Accepted"
