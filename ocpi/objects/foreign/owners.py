"""The head that every object of another operator has."""

from __future__ import annotations

from dataclasses import dataclass

from ocpi.wire.codes import invalid
from ocpi.wire.reading import Reader


@dataclass(frozen=True, slots=True)
class Named:
    """Country code, party id and id; parties in capitals, the id as it was written."""

    country_code: str
    party_id: str
    ocpi_id: str

    def check_address(self, country_code: str, party_id: str, ocpi_id: str) -> None:
        """Raises OcpiError 2001 where the address names something else than the body."""
        pairs = (
            ("country_code", country_code, self.country_code),
            ("party_id", party_id, self.party_id),
            ("id", ocpi_id, self.ocpi_id),
        )
        for name, in_address, in_body in pairs:
            if in_address.upper() != in_body.upper():
                raise invalid(f"{name}: {in_address} in the address, {in_body} in the body")


def read_objects(reader: Reader, name: str) -> list[Reader]:
    """The objects of a list that is stored as it came: each must be one, not wrapped in a list."""
    found = reader.each(name)
    if not all(isinstance(one, dict) for one in reader.raw.get(name) or ()):
        raise reader.fault(name, "a list of objects, please")
    return found


def read_name(reader: Reader, longest: int = 36) -> Named:
    return Named(
        reader.code("country_code", 2).upper(),
        reader.code("party_id", 3).upper(),
        reader.code("id", longest),
    )
