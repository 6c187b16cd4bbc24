"""The ids that a test may name, with their titles: docs/requirements.toml and the 39 actions."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chargers.ocpp.schemas import ACTIONS

GROUPS = ("oca", "quirk", "own", "pain", "client")


@dataclass(frozen=True, slots=True)
class Requirements:
    """`groups`: group → id as tests name it ("TC_001", "pain 19") → title.

    `elsewhere`: id → where a row belongs that is no matter of the OCPP side.
    """

    groups: Mapping[str, Mapping[str, str]]
    elsewhere: Mapping[str, str]

    @property
    def ids(self) -> frozenset[str]:
        return ACTIONS.union(*(rows.keys() for rows in self.groups.values()))

    @property
    def wanted(self) -> frozenset[str]:
        """What must have a test."""
        return self.ids - self.elsewhere.keys()


def read_requirements(base_dir: Path) -> Requirements:
    data = tomllib.loads((base_dir / "docs" / "requirements.toml").read_text(encoding="utf-8"))
    groups = {
        group: {_id(group, number): title for number, title in data[group].items()}
        for group in GROUPS
    }
    return Requirements(groups, data["elsewhere"])


def _id(group: str, number: str) -> str:
    return f"TC_{number}" if group == "oca" else f"{group} {number}"
