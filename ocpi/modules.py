"""What we serve (OCPI 2.2.1 §6.2): one line per module and interface, as version details say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocpi.addresses import CPO_ROOT, absolute
from ocpi.models import InterfaceRole

_S, _R = InterfaceRole.SENDER, InterfaceRole.RECEIVER


@dataclass(frozen=True, slots=True)
class Module:
    identifier: str
    role: InterfaceRole
    path: str

    @property
    def url(self) -> str:
        return absolute(self.path)


# The specification advises SENDER for credentials, which have no two sides.
SERVED: Final = [
    Module("credentials", _S, f"{CPO_ROOT}/credentials"),
    Module("locations", _S, f"{CPO_ROOT}/locations"),
    Module("tariffs", _S, f"{CPO_ROOT}/tariffs"),
    Module("sessions", _S, f"{CPO_ROOT}/sessions"),
    Module("cdrs", _S, f"{CPO_ROOT}/cdrs"),
    Module("tokens", _R, f"{CPO_ROOT}/tokens"),
    Module("commands", _R, f"{CPO_ROOT}/commands"),
]
