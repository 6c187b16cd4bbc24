from chargers.admin.assignments import TariffAssignmentAdmin
from chargers.admin.availability import PresenceChangeAdmin
from chargers.admin.chargers import ChargerAdmin
from chargers.admin.commands import CommandAdmin
from chargers.admin.connections import ConnectionLogAdmin
from chargers.admin.connectors import ConnectorAdmin, ConnectorStatusChangeAdmin
from chargers.admin.corrections import SessionCorrectionAdmin
from chargers.admin.locations import LocationAdmin
from chargers.admin.orphans import OrphanStopAdmin
from chargers.admin.quirks import ModelQuirksAdmin
from chargers.admin.remote_starts import RemoteStartAdmin
from chargers.admin.sessions import ChargingSessionAdmin
from chargers.admin.tokens import IdTokenAdmin
from chargers.admin.unknown import UnknownChargerAdmin
from chargers.admin.wire import FrameAdmin, MeterReadingAdmin

__all__ = [
    "ChargerAdmin",
    "ChargingSessionAdmin",
    "CommandAdmin",
    "ConnectionLogAdmin",
    "ConnectorAdmin",
    "ConnectorStatusChangeAdmin",
    "FrameAdmin",
    "IdTokenAdmin",
    "LocationAdmin",
    "MeterReadingAdmin",
    "ModelQuirksAdmin",
    "OrphanStopAdmin",
    "PresenceChangeAdmin",
    "RemoteStartAdmin",
    "SessionCorrectionAdmin",
    "TariffAssignmentAdmin",
    "UnknownChargerAdmin",
]
