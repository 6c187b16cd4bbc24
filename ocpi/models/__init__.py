from ocpi.models.command import CommandRequest, CommandType, RequestStatus
from ocpi.models.contract import (
    Allowed,
    ContractStatus,
    GivenAuthorization,
    OwnToken,
    RoamingContract,
)
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
from ocpi.models.sent_command import OPEN_STATUSES, SentCommand, SentStatus
from ocpi.models.session import Cdr, RoamingSession, RoamingStatus
from ocpi.models.token import AuthMethod, RoamingTag, RoamingToken, TokenType, Whitelist

__all__ = [
    "OPEN_STATUSES",
    "Allowed",
    "AuthMethod",
    "Cdr",
    "CommandRequest",
    "CommandType",
    "ContractStatus",
    "Direction",
    "ExceptionalHours",
    "Exchange",
    "Facility",
    "GivenAuthorization",
    "ImageCategory",
    "InboundToken",
    "InboundTokenKind",
    "InterfaceRole",
    "LocationImage",
    "OpeningHours",
    "OwnToken",
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
    "RoamingContract",
    "RoamingSession",
    "RoamingStatus",
    "RoamingTag",
    "RoamingToken",
    "SentCommand",
    "SentStatus",
    "TokenEncoding",
    "TokenType",
    "Whitelist",
]
