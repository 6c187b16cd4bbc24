from ocpi.admin.balances import PartnerBalanceAdmin
from ocpi.admin.cdrs import ForeignCdrAdmin
from ocpi.admin.drivers import (
    GivenAuthorizationAdmin,
    OwnTokenAdmin,
    RoamingContractAdmin,
)
from ocpi.admin.foreign import (
    ForeignLocationAdmin,
    ForeignSessionAdmin,
    ForeignTariffAdmin,
    PulledListAdmin,
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
from ocpi.admin.sent_commands import SentCommandAdmin
from ocpi.admin.traffic import CommandRequestAdmin, ExchangeAdmin, HubClientAdmin, PushAdmin

__all__ = [
    "CdrAdmin",
    "CommandRequestAdmin",
    "ExchangeAdmin",
    "ForeignCdrAdmin",
    "ForeignLocationAdmin",
    "ForeignSessionAdmin",
    "ForeignTariffAdmin",
    "GivenAuthorizationAdmin",
    "HubClientAdmin",
    "OwnTokenAdmin",
    "PartnerAdmin",
    "PartnerBalanceAdmin",
    "PartyAdmin",
    "PublishedLocationAdmin",
    "PublishedTariffAdmin",
    "PulledListAdmin",
    "PushAdmin",
    "RoamingContractAdmin",
    "RoamingSessionAdmin",
    "RoamingTagAdmin",
    "RoamingTokenAdmin",
    "SentCommandAdmin",
]
