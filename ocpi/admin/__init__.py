from ocpi.admin.drivers import (
    GivenAuthorizationAdmin,
    OwnTokenAdmin,
    RoamingContractAdmin,
    SentCommandAdmin,
)
from ocpi.admin.parties import PartyAdmin
from ocpi.admin.partners import PartnerAdmin
from ocpi.admin.published import PublishedLocationAdmin, PublishedTariffAdmin
from ocpi.admin.roaming import (
    CdrAdmin,
    RoamingSessionAdmin,
    RoamingTagAdmin,
    RoamingTokenAdmin,
)
from ocpi.admin.traffic import CommandRequestAdmin, ExchangeAdmin, PushAdmin

__all__ = [
    "CdrAdmin",
    "CommandRequestAdmin",
    "ExchangeAdmin",
    "GivenAuthorizationAdmin",
    "OwnTokenAdmin",
    "PartnerAdmin",
    "PartyAdmin",
    "PublishedLocationAdmin",
    "PublishedTariffAdmin",
    "PushAdmin",
    "RoamingContractAdmin",
    "RoamingSessionAdmin",
    "RoamingTagAdmin",
    "RoamingTokenAdmin",
    "SentCommandAdmin",
]
