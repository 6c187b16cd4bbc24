"""DataTransfer (OCPP 1.6 §4.3): vendors' own messages, kept in the wire log."""

from __future__ import annotations

from chargers.ocpp.messages import Caller, DataTransfer, DataTransferAnswer, Plan
from chargers.store.work import LogOnly

_LOG_ONLY = LogOnly()


def data_transfer(_caller: Caller, _request: DataTransfer) -> Plan:
    return Plan(_LOG_ONLY, _answer)


def _answer(_result: None) -> DataTransferAnswer:
    # No vendor's messages are known here yet; the schema's spelling (reference §2.16).
    return DataTransferAnswer("UnknownVendorId")
