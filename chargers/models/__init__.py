from chargers.models.charger import (
    Charger,
    ChargerStatus,
    ForcedStatus,
    Presence,
    Registration,
    UnknownCharger,
)
from chargers.models.command import Command, CommandStatus
from chargers.models.configuration import ConfigurationKey
from chargers.models.connection import ConnectionLog, EndedBy, FirstArrival
from chargers.models.connector import Connector, ConnectorStatus, ConnectorStatusChange, PowerType
from chargers.models.frame import Direction, Frame
from chargers.models.id_token import IdToken, IdTokenStatus
from chargers.models.location import Location
from chargers.models.quirks import ChargerQuirks, EnergyRegister, LocalTime, ModelQuirks
from chargers.models.reading import MeterReading
from chargers.models.session import (
    AuthorizationStatus,
    BillingStatus,
    ChargingSession,
    OrphanStop,
    SessionStatus,
    SessionStatusChange,
)
from chargers.models.tariff_assignment import TariffAssignment

__all__ = [
    "AuthorizationStatus",
    "BillingStatus",
    "Charger",
    "ChargerQuirks",
    "ChargerStatus",
    "ChargingSession",
    "Command",
    "CommandStatus",
    "ConfigurationKey",
    "ConnectionLog",
    "Connector",
    "ConnectorStatus",
    "ConnectorStatusChange",
    "Direction",
    "EndedBy",
    "EnergyRegister",
    "FirstArrival",
    "ForcedStatus",
    "Frame",
    "IdToken",
    "IdTokenStatus",
    "LocalTime",
    "Location",
    "MeterReading",
    "ModelQuirks",
    "OrphanStop",
    "PowerType",
    "Presence",
    "Registration",
    "SessionStatus",
    "SessionStatusChange",
    "TariffAssignment",
    "UnknownCharger",
]
