"""Objects that partners send, field by field: strict where we rely on it, blind to the rest.

Unknown fields are ignored, null is absent. A fault is 2001 and names its path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from ocpi.wire.codes import invalid
from ocpi.wire.moments import read_moment

_Read = TypeVar("_Read")
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999


class Reader:
    """One JSON object and where it stands (`token.`). Raises OcpiError 2001."""

    def __init__(self, value: Any, path: str = "") -> None:
        if isinstance(value, list) and len(value) == 1:
            # Some peers wrap single objects.
            value = value[0]
        if not isinstance(value, dict):
            raise invalid(f"{path.rstrip('.') or 'the body'}: an object, please")
        self.raw: dict[str, Any] = value
        self._path = path

    def has(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def text(self, name: str, longest: int) -> str:
        value = self._required(name, str)
        if not value or len(value) > longest:
            raise self.fault(name, f"1 to {longest} characters, please")
        return str(value)

    def optional_text(self, name: str, longest: int) -> str:
        return self.text(name, longest) if self.raw.get(name) not in (None, "") else ""

    def code(self, name: str, longest: int) -> str:
        """A CiString: printable ASCII, compared without case by whoever compares it."""
        value = self.text(name, longest)
        if not all(" " <= char <= "~" for char in value):
            raise self.fault(name, "printable ASCII, please")
        return value

    def optional_code(self, name: str, longest: int) -> str:
        return self.code(name, longest) if self.raw.get(name) not in (None, "") else ""

    def url(self, name: str) -> str:
        value = self.text(name, 255)
        if not value.startswith(("https://", "http://")):
            raise self.fault(name, "an address that begins with https://, please")
        return value

    def choice(self, name: str, known: Collection[str]) -> str:
        value = str(self._required(name, str))
        if value not in known:
            raise self.fault(name, f"one of {', '.join(sorted(known))}, please")
        return value

    def boolean(self, name: str) -> bool:
        return bool(self._required(name, bool))

    def integer(self, name: str) -> int:
        value = self._required(name, int)
        if isinstance(value, bool):
            raise self.fault(name, "a whole number, please")
        return int(value)

    def number(self, name: str) -> Decimal:
        value = self._required(name, (int, Decimal))
        if isinstance(value, bool):
            raise self.fault(name, "a number, please")
        return Decimal(value)

    def moment(self, name: str) -> datetime:
        """Within years that every zone and column can hold, hours added or taken away."""
        try:
            moment = read_moment(str(self._required(name, str)))
        except ValueError as error:
            raise self.fault(name, str(error)[:200]) from None
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            raise self.fault(name, f"a time from {_FIRST_YEAR} to {_LAST_YEAR}, please")
        return moment

    def inner(self, name: str) -> Reader:
        return Reader(self._required(name, (dict, list)), f"{self._path}{name}.")

    def each(self, name: str) -> list[Reader]:
        """The objects of a list; an absent one is empty."""
        if not self.has(name):
            return []
        values = self._required(name, list)
        return [
            Reader(value, f"{self._path}{name}[{index}].") for index, value in enumerate(values)
        ]

    def maybe(self, name: str, read: Callable[[str], _Read]) -> _Read | None:
        return read(name) if self.has(name) else None

    def _required(self, name: str, kind: type | tuple[type, ...]) -> Any:
        value = self.raw.get(name)
        if value is None:
            raise self.fault(name, "missing")
        if not isinstance(value, kind):
            raise self.fault(name, f"not a {type(value).__name__}, please")
        return value

    def fault(self, name: str, what: str) -> Exception:
        return invalid(f"{self._path}{name}: {what}")
