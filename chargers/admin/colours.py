"""One colour per status, the same on every page."""

from __future__ import annotations

from chargers.models import (
    AuthorizationStatus,
    BillingStatus,
    CommandStatus,
    ConnectorStatus,
    CorrectionStatus,
    IdTokenStatus,
    LocalListState,
    OrphanState,
    Registration,
    RemoteStartStatus,
    ReservationStatus,
    SessionStatus,
)

# The charger's own statuses are a subset of its connectors'.
CONNECTOR = {
    ConnectorStatus.UNKNOWN: "",
    ConnectorStatus.AVAILABLE: "success",
    ConnectorStatus.PREPARING: "info",
    ConnectorStatus.CHARGING: "primary",
    ConnectorStatus.SUSPENDED_EV: "info",
    ConnectorStatus.SUSPENDED_EVSE: "info",
    ConnectorStatus.FINISHING: "info",
    ConnectorStatus.RESERVED: "info",
    ConnectorStatus.UNAVAILABLE: "warning",
    ConnectorStatus.FAULTED: "danger",
}
SESSION = {
    SessionStatus.ACTIVE: "primary",
    SessionStatus.AWAITING_STOP: "warning",
    SessionStatus.ENDED: "",
}
BILLING = {
    BillingStatus.UNBILLED: "info",
    BillingStatus.BILLED: "success",
    BillingStatus.HELD: "danger",
    BillingStatus.NOT_BILLABLE: "",
}
AUTHORIZATION = {
    status: "success" if status == AuthorizationStatus.ACCEPTED else "danger"
    for status in AuthorizationStatus
}
COMMAND = {
    CommandStatus.QUEUED: "info",
    CommandStatus.SENT: "info",
    # Answered is not done: the answer's own word has the colour.
    CommandStatus.ANSWERED: "",
    CommandStatus.FAILED: "danger",
    CommandStatus.TIMED_OUT: "warning",
    CommandStatus.EXPIRED: "warning",
    CommandStatus.CANCELLED: "",
}
# What a charger answers in a CALL's `status` (OCPP 1.6 §6): done; agreed to, but not done yet.
# Every other word is a refusal.
DONE_ANSWERS = frozenset({"Accepted", "Unlocked"})
LATER_ANSWERS = frozenset({"Scheduled", "RebootRequired", "AcceptedCanceled"})


def answer(word: str) -> str:
    if word in DONE_ANSWERS:
        return "success"
    return "warning" if word in LATER_ANSWERS else "danger"


LOCAL_LIST = {
    LocalListState.OFF: "",
    LocalListState.DUE: "warning",
    LocalListState.ASKED: "info",
    LocalListState.CURRENT: "success",
    LocalListState.UNSUPPORTED: "danger",
}
TOKEN = {IdTokenStatus.ACTIVE: "success", IdTokenStatus.BLOCKED: "danger"}
REGISTRATION = {
    Registration.ACCEPTED: "success",
    Registration.PENDING: "warning",
    Registration.REJECTED: "danger",
}
ONLINE = {True: "success", False: "danger", None: ""}
ORPHAN = {
    OrphanState.WAITING: "warning",
    OrphanState.ATTACHED: "success",
    OrphanState.DISMISSED: "",
    OrphanState.CONTRADICTS: "danger",
}
CORRECTION = {CorrectionStatus.OPEN: "danger", CorrectionStatus.DONE: "success"}
REMOTE_START = {
    RemoteStartStatus.ASKED: "info",
    RemoteStartStatus.ACCEPTED: "info",
    RemoteStartStatus.STARTED: "success",
    RemoteStartStatus.FAILED: "danger",
}
RESERVATION = {
    ReservationStatus.REQUESTED: "info",
    ReservationStatus.ACTIVE: "primary",
    ReservationStatus.REJECTED: "danger",
    ReservationStatus.USED: "success",
    ReservationStatus.CANCELLED: "",
    ReservationStatus.EXPIRED: "",
    ReservationStatus.FAILED: "danger",
}
