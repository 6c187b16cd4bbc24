from ocpi.models.exchange import Direction, Exchange
from ocpi.models.partner import (
    InboundToken,
    InboundTokenKind,
    InterfaceRole,
    Partner,
    PartnerEndpoint,
    PartnerParty,
    PartnerStatus,
    TokenEncoding,
)
from ocpi.models.party import Party, PartyRole

__all__ = [
    "Direction",
    "Exchange",
    "InboundToken",
    "InboundTokenKind",
    "InterfaceRole",
    "Partner",
    "PartnerEndpoint",
    "PartnerParty",
    "PartnerStatus",
    "Party",
    "PartyRole",
    "TokenEncoding",
]
