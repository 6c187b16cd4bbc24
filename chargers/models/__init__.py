from chargers.models.adoption import AdoptionDoor, SelfAdoption
from chargers.models.certificates import (
    AuthorityRole,
    CertificateAuthority,
    CertificateStatus,
    CertificateUse,
    ChargerCertificate,
    InstalledCertificate,
)
from chargers.models.charger import (
    Charger,
    ChargerStatus,
    ForcedStatus,
    Presence,
    RefusalReason,
    Registration,
    UnknownCharger,
)
from chargers.models.charger_log import OPEN_LOGS, ChargerLog, LogKind, LogStatus
from chargers.models.charging_profile import (
    ChargingProfile,
    ChargingSchedulePeriod,
    ProfileKind,
    ProfilePurpose,
    ProfileSource,
    ProfileState,
    RateUnit,
    Recurrency,
)
from chargers.models.command import Command, CommandStatus
from chargers.models.configuration import ConfigurationKey
from chargers.models.configuration_reading import ConfigurationReading, ReadingState
from chargers.models.configuration_run import (
    ChangeStatus,
    ConfigurationChange,
    ConfigurationRun,
    ConfigurationRunItem,
    RunItemStatus,
    RunStatus,
)
from chargers.models.configuration_template import (
    ApplyPolicy,
    ConfigurationTemplate,
    ConfigurationTemplateKey,
)
from chargers.models.connection import ConnectionLog, EndedBy, FirstArrival
from chargers.models.connector import Connector, ConnectorStatus, ConnectorStatusChange, PowerType
from chargers.models.firmware import (
    OPEN_UPDATES,
    CampaignStatus,
    FirmwareCampaign,
    FirmwareImage,
    FirmwareUpdate,
    UpdateForm,
    UpdateStatus,
)
from chargers.models.frame import Direction, Frame
from chargers.models.id_token import IdToken, IdTokenStatus
from chargers.models.local_list import LocalList, LocalListState
from chargers.models.location import Location
from chargers.models.location_tax import LocationTax
from chargers.models.password_rotation import PasswordRotation, RotationStatus
from chargers.models.presence_change import PresenceChange
from chargers.models.quirks import ChargerQuirks, EnergyRegister, LocalTime, ModelQuirks
from chargers.models.reading import MeterReading
from chargers.models.refused_handshake import RefusedHandshake
from chargers.models.remote_start import OPEN_REMOTE_STARTS, RemoteStart, RemoteStartStatus
from chargers.models.reservation import (
    OPEN_RESERVATIONS,
    NextReservationNumber,
    Reservation,
    ReservationStatus,
)
from chargers.models.security_event import SecurityEvent, Severity
from chargers.models.session import (
    AuthorizationStatus,
    BillingStatus,
    ChargingSession,
    OrphanState,
    OrphanStop,
    SessionStatus,
    SessionStatusChange,
)
from chargers.models.session_cap import SessionCap
from chargers.models.session_correction import CorrectionStatus, SessionCorrection
from chargers.models.session_hour import SessionHour, StaleHour
from chargers.models.site_allocation import (
    AllocationReason,
    SiteAllocation,
    SiteAllocationChange,
)
from chargers.models.site_budget import (
    SiteBudget,
    SiteBudgetWindow,
    SiteCharger,
    SiteConnector,
)
from chargers.models.stop_latency import StopLatency
from chargers.models.tariff_assignment import TariffAssignment
from chargers.models.tariff_default import TariffDefault
from chargers.models.token_sighting import TokenSighting

__all__ = [
    "OPEN_LOGS",
    "OPEN_REMOTE_STARTS",
    "OPEN_RESERVATIONS",
    "OPEN_UPDATES",
    "AdoptionDoor",
    "AllocationReason",
    "ApplyPolicy",
    "AuthorityRole",
    "AuthorizationStatus",
    "BillingStatus",
    "CampaignStatus",
    "CertificateAuthority",
    "CertificateStatus",
    "CertificateUse",
    "ChangeStatus",
    "Charger",
    "ChargerCertificate",
    "ChargerLog",
    "ChargerQuirks",
    "ChargerStatus",
    "ChargingProfile",
    "ChargingSchedulePeriod",
    "ChargingSession",
    "Command",
    "CommandStatus",
    "ConfigurationChange",
    "ConfigurationKey",
    "ConfigurationReading",
    "ConfigurationRun",
    "ConfigurationRunItem",
    "ConfigurationTemplate",
    "ConfigurationTemplateKey",
    "ConnectionLog",
    "Connector",
    "ConnectorStatus",
    "ConnectorStatusChange",
    "CorrectionStatus",
    "Direction",
    "EndedBy",
    "EnergyRegister",
    "FirmwareCampaign",
    "FirmwareImage",
    "FirmwareUpdate",
    "FirstArrival",
    "ForcedStatus",
    "Frame",
    "IdToken",
    "IdTokenStatus",
    "InstalledCertificate",
    "LocalList",
    "LocalListState",
    "LocalTime",
    "Location",
    "LocationTax",
    "LogKind",
    "LogStatus",
    "MeterReading",
    "ModelQuirks",
    "NextReservationNumber",
    "OrphanState",
    "OrphanStop",
    "PasswordRotation",
    "PowerType",
    "Presence",
    "PresenceChange",
    "ProfileKind",
    "ProfilePurpose",
    "ProfileSource",
    "ProfileState",
    "RateUnit",
    "ReadingState",
    "Recurrency",
    "RefusalReason",
    "RefusedHandshake",
    "Registration",
    "RemoteStart",
    "RemoteStartStatus",
    "Reservation",
    "ReservationStatus",
    "RotationStatus",
    "RunItemStatus",
    "RunStatus",
    "SecurityEvent",
    "SelfAdoption",
    "SessionCap",
    "SessionCorrection",
    "SessionHour",
    "SessionStatus",
    "SessionStatusChange",
    "Severity",
    "SiteAllocation",
    "SiteAllocationChange",
    "SiteBudget",
    "SiteBudgetWindow",
    "SiteCharger",
    "SiteConnector",
    "StaleHour",
    "StopLatency",
    "TariffAssignment",
    "TariffDefault",
    "TokenSighting",
    "UnknownCharger",
    "UpdateForm",
    "UpdateStatus",
]
