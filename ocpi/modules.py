"""What we serve (OCPI 2.2.1 §6.2): one line per module and interface, as version details say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ocpi.addresses import CPO_ROOT, EMSP_ROOT, absolute
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
    path: str
    played_by: PartyRole | None = None

    @property
    def url(self) -> str:
        return absolute(self.path)


# The specification advises SENDER for credentials, which have no two sides. Each module stands
# under the root of its role: as CPO and as eMSP, locations have addresses of one shape.
SERVED: Final = [
    Module("credentials", _S, f"{CPO_ROOT}/credentials"),
    Module("locations", _S, f"{CPO_ROOT}/locations", _CPO),
    Module("tariffs", _S, f"{CPO_ROOT}/tariffs", _CPO),
    Module("sessions", _S, f"{CPO_ROOT}/sessions", _CPO),
    Module("cdrs", _S, f"{CPO_ROOT}/cdrs", _CPO),
    Module("tokens", _R, f"{CPO_ROOT}/tokens", _CPO),
    Module("commands", _R, f"{CPO_ROOT}/commands", _CPO),
    Module("hubclientinfo", _R, f"{CPO_ROOT}/hubclientinfo", PartyRole.HUB),
    Module("chargingprofiles", _R, f"{CPO_ROOT}/chargingprofiles", _CPO),
    Module("locations", _R, f"{EMSP_ROOT}/locations", _EMSP),
    Module("tariffs", _R, f"{EMSP_ROOT}/tariffs", _EMSP),
    Module("sessions", _R, f"{EMSP_ROOT}/sessions", _EMSP),
    Module("cdrs", _R, f"{EMSP_ROOT}/cdrs", _EMSP),
    Module("tokens", _S, f"{EMSP_ROOT}/tokens", _EMSP),
    Module("commands", _S, f"{EMSP_ROOT}/commands", _EMSP),
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
