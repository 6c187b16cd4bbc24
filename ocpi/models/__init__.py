from ocpi.models.balance import PartnerBalance
from ocpi.models.command import (
    PROFILE_KINDS,
    CommandRequest,
    CommandType,
    RequestKind,
    RequestStatus,
)
from ocpi.models.contract import (
    Allowed,
    ContractStatus,
    GivenAuthorization,
    OwnToken,
    RoamingContract,
)
from ocpi.models.exchange import Direction, Exchange
from ocpi.models.foreign.cdr import CdrCheck, CdrDifference, ForeignCdr, HeldBecause
from ocpi.models.foreign.location import ForeignLocation
from ocpi.models.foreign.pulled import PulledList
from ocpi.models.foreign.session import ForeignSession, ForeignStatus
from ocpi.models.foreign.tariff import ForeignTariff, ForeignTariffVersion
from ocpi.models.hub import ConnectionStatus, HubClient
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
    "PROFILE_KINDS",
    "Allowed",
    "AuthMethod",
    "Cdr",
    "CdrCheck",
    "CdrDifference",
    "CommandRequest",
    "CommandType",
    "ConnectionStatus",
    "ContractStatus",
    "Direction",
    "ExceptionalHours",
    "Exchange",
    "Facility",
    "ForeignCdr",
    "ForeignLocation",
    "ForeignSession",
    "ForeignStatus",
    "ForeignTariff",
    "ForeignTariffVersion",
    "GivenAuthorization",
    "HeldBecause",
    "HubClient",
    "ImageCategory",
    "InboundToken",
    "InboundTokenKind",
    "InterfaceRole",
    "LocationImage",
    "OpeningHours",
    "OwnToken",
    "ParkingType",
    "Partner",
    "PartnerBalance",
    "PartnerEndpoint",
    "PartnerParty",
    "PartnerStatus",
    "Party",
    "PartyRole",
    "PublishedLocation",
    "PublishedTariff",
    "PulledList",
    "Push",
    "PushLine",
    "PushStatus",
    "RequestKind",
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
