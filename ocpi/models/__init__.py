from ocpi.models.command import CommandRequest, CommandType, RequestStatus
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
from ocpi.models.published import (
    ExceptionalHours,
    Facility,
    ImageCategory,
    LocationImage,
    OpeningHours,
    ParkingType,
    PublishedLocation,
    PublishedTariff,
)
from ocpi.models.push import Push, PushLine, PushStatus
from ocpi.models.session import Cdr, RoamingSession, RoamingStatus
from ocpi.models.token import AuthMethod, RoamingTag, RoamingToken, TokenType, Whitelist

__all__ = [
    "AuthMethod",
    "Cdr",
    "CommandRequest",
    "CommandType",
    "Direction",
    "ExceptionalHours",
    "Exchange",
    "Facility",
    "ImageCategory",
    "InboundToken",
    "InboundTokenKind",
    "InterfaceRole",
    "LocationImage",
    "OpeningHours",
    "ParkingType",
    "Partner",
    "PartnerEndpoint",
    "PartnerParty",
    "PartnerStatus",
    "Party",
    "PartyRole",
    "PublishedLocation",
    "PublishedTariff",
    "Push",
    "PushLine",
    "PushStatus",
    "RequestStatus",
    "RoamingSession",
    "RoamingStatus",
    "RoamingTag",
    "RoamingToken",
    "TokenEncoding",
    "TokenType",
    "Whitelist",
]
