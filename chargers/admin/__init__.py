from chargers.admin.assignments import TariffAssignmentAdmin
from chargers.admin.availability import PresenceChangeAdmin
from chargers.admin.chargers import ChargerAdmin
from chargers.admin.charging_profiles import ChargingProfileAdmin
from chargers.admin.commands import CommandAdmin
from chargers.admin.connections import ConnectionLogAdmin
from chargers.admin.connectors import ConnectorAdmin, ConnectorStatusChangeAdmin
from chargers.admin.corrections import SessionCorrectionAdmin
from chargers.admin.local_lists import LocalListAdmin
from chargers.admin.locations import LocationAdmin
from chargers.admin.maintenance.campaigns import FirmwareCampaignAdmin
from chargers.admin.maintenance.configuration import (
    ConfigurationKeyAdmin,
    ConfigurationTemplateAdmin,
)
from chargers.admin.maintenance.firmware import FirmwareImageAdmin, FirmwareUpdateAdmin
from chargers.admin.maintenance.logs import ChargerLogAdmin
from chargers.admin.maintenance.runs import ConfigurationRunAdmin, ConfigurationRunItemAdmin
from chargers.admin.orphans import OrphanStopAdmin
from chargers.admin.quirks import ModelQuirksAdmin
from chargers.admin.remote_starts import RemoteStartAdmin
from chargers.admin.reservations import ReservationAdmin
from chargers.admin.security.lists import (
    AdoptionDoorAdmin,
    CertificateAuthorityAdmin,
    ChargerCertificateAdmin,
    InstalledCertificateAdmin,
    RefusedHandshakeAdmin,
    SecurityEventAdmin,
)
from chargers.admin.security.registration import PasswordRotationAdmin, SelfAdoptionAdmin
from chargers.admin.seen_tags import TokenSightingAdmin
from chargers.admin.sessions import ChargingSessionAdmin
from chargers.admin.site_budgets import SiteAllocationChangeAdmin, SiteBudgetAdmin
from chargers.admin.stop_latencies import StopLatencyAdmin
from chargers.admin.tariff_defaults import LocationTaxAdmin, TariffDefaultAdmin
from chargers.admin.tokens import IdTokenAdmin
from chargers.admin.unknown import UnknownChargerAdmin
from chargers.admin.wire import FrameAdmin, MeterReadingAdmin

__all__ = [
    "AdoptionDoorAdmin",
    "CertificateAuthorityAdmin",
    "ChargerAdmin",
    "ChargerCertificateAdmin",
    "ChargerLogAdmin",
    "ChargingProfileAdmin",
    "ChargingSessionAdmin",
    "CommandAdmin",
    "ConfigurationKeyAdmin",
    "ConfigurationRunAdmin",
    "ConfigurationRunItemAdmin",
    "ConfigurationTemplateAdmin",
    "ConnectionLogAdmin",
    "ConnectorAdmin",
    "ConnectorStatusChangeAdmin",
    "FirmwareCampaignAdmin",
    "FirmwareImageAdmin",
    "FirmwareUpdateAdmin",
    "FrameAdmin",
    "IdTokenAdmin",
    "InstalledCertificateAdmin",
    "LocalListAdmin",
    "LocationAdmin",
    "LocationTaxAdmin",
    "MeterReadingAdmin",
    "ModelQuirksAdmin",
    "OrphanStopAdmin",
    "PasswordRotationAdmin",
    "PresenceChangeAdmin",
    "RefusedHandshakeAdmin",
    "RemoteStartAdmin",
    "ReservationAdmin",
    "SecurityEventAdmin",
    "SelfAdoptionAdmin",
    "SessionCorrectionAdmin",
    "SiteAllocationChangeAdmin",
    "SiteBudgetAdmin",
    "StopLatencyAdmin",
    "TariffAssignmentAdmin",
    "TariffDefaultAdmin",
    "TokenSightingAdmin",
    "UnknownChargerAdmin",
]
