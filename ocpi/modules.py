"""What we serve (OCPI 2.2.1 §6.2): one line per module and interface, as version details say.

The same in each version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocpi.addresses import absolute, cpo_root, emsp_root
from ocpi.models import InterfaceRole, Partner, PartyRole
from ocpi.selectors.parties import cpo_parties_for, emsp_party_for
from ocpi.services.hubs import is_hub

_S, _R = InterfaceRole.SENDER, InterfaceRole.RECEIVER
_CPO, _EMSP = PartyRole.CPO, PartyRole.EMSP


@dataclass(frozen=True, slots=True)
class Module:
    """`played_by`: the role of ours that serves it; None for what every platform has, HUB for what
    only a hub is served.
    """

    identifier: str
    role: InterfaceRole
    played_by: PartyRole | None = None

    def url(self, version: str) -> str:
        root = emsp_root if self.played_by == PartyRole.EMSP else cpo_root
        return absolute(f"{root(version)}/{self.identifier}")


# The specification advises SENDER for credentials, which have no two sides. Each module stands
# under the root of its role: as CPO and as eMSP, locations have addresses of one shape.
SERVED: Final = [
    Module("credentials", _S),
    Module("locations", _S, _CPO),
    Module("tariffs", _S, _CPO),
    Module("sessions", _S, _CPO),
    Module("cdrs", _S, _CPO),
    Module("tokens", _R, _CPO),
    Module("commands", _R, _CPO),
    Module("hubclientinfo", _R, PartyRole.HUB),
    Module("chargingprofiles", _R, _CPO),
    Module("locations", _R, _EMSP),
    Module("tariffs", _R, _EMSP),
    Module("sessions", _R, _EMSP),
    Module("cdrs", _R, _EMSP),
    Module("tokens", _S, _EMSP),
    Module("commands", _S, _EMSP),
]


def modules_for(partner: Partner) -> list[Module]:
    """What `partner` finds with us: the modules of the roles that it may know."""
    roles: set[PartyRole | None] = {None}
    if cpo_parties_for(partner).exists():
        roles.add(_CPO)
    if emsp_party_for(partner) is not None:
        roles.add(_EMSP)
    if is_hub(partner):
        roles.add(PartyRole.HUB)
    return [module for module in SERVED if module.played_by in roles]
