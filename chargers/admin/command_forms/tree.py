"""A request's schema as what people fill in: fields, nested sections of fields, tables of rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value; `path` is relative to the request, or to its row in a table."""

    path: Path
    part: Mapping[str, Any]
    required: bool

    @property
    def name(self) -> str:
        return self.path[-1]


@dataclass(frozen=True, slots=True)
class Section:
    """The values of one object; the request itself has the empty path."""

    path: Path
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A list of objects, one row each."""

    path: Path
    leaves: tuple[Leaf, ...]


def parts_of(shape: Mapping[str, Any], path: Path = ()) -> Iterator[Section | Table]:
    """Sections and tables, outermost first; in each, what is required comes first."""
    properties: Mapping[str, Any] = shape.get("properties", {})
    required = frozenset(shape.get("required", ()))
    names = sorted(properties, key=lambda name: name not in required)
    values = tuple(
        Leaf((*path, name), properties[name], name in required)
        for name in names
        if _is_value(properties[name])
    )
    if values:
        yield Section(path, values)
    for name in names:
        part = properties[name]
        if part["type"] == "object":
            yield from parts_of(part, (*path, name))
        elif not _is_value(part):
            yield Table((*path, name), tuple(_columns(part["items"])))


def _columns(shape: Mapping[str, Any], path: Path = ()) -> Iterator[Leaf]:
    """The values of a row; those of objects in it are columns as well."""
    required = frozenset(shape.get("required", ()))
    for name in sorted(shape["properties"], key=lambda name: name not in required):
        part = shape["properties"][name]
        if part["type"] == "object":
            yield from _columns(part, (*path, name))
        else:
            yield Leaf((*path, name), part, name in required and not path)


def _is_value(part: Mapping[str, Any]) -> bool:
    """Also a list of words, which is one field."""
    if part["type"] == "array":
        return bool(part["items"]["type"] == "string")
    return bool(part["type"] != "object")
