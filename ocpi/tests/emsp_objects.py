# mypy: disable-error-code="valid-type,misc"
"""What we send as mobility provider, as pydantic models (reference, appendix 1)."""

from __future__ import annotations

from ocpi.tests.objects import DisplayText, Model, Moment, Url, ci, one_of, text

TOKEN_TYPES = "AD_HOC_USER APP_USER OTHER RFID"
WHITELIST = "ALWAYS ALLOWED ALLOWED_OFFLINE NEVER"
ALLOWED = "ALLOWED BLOCKED EXPIRED NO_CREDIT NOT_ALLOWED"


class Token(Model):
    country_code: ci(2)
    party_id: ci(3)
    uid: ci(36)
    type: one_of(TOKEN_TYPES)
    contract_id: ci(36)
    visual_number: text(64) | None = None
    issuer: text(64)
    group_id: ci(36) | None = None
    valid: bool
    whitelist: one_of(WHITELIST)
    language: text(2) | None = None
    last_updated: Moment


class LocationReferences(Model):
    location_id: ci(36)
    evse_uids: list[ci(36)] = []


class AuthorizationInfo(Model):
    allowed: one_of(ALLOWED)
    token: Token
    location: LocationReferences | None = None
    authorization_reference: ci(36) | None = None
    info: DisplayText | None = None


class StartSession(Model):
    response_url: Url
    token: Token
    location_id: ci(36)
    evse_uid: ci(36) | None = None
    connector_id: ci(36) | None = None
    authorization_reference: ci(36) | None = None


class StopSession(Model):
    response_url: Url
    session_id: ci(36)


class ReserveNow(Model):
    response_url: Url
    token: Token
    expiry_date: Moment
    reservation_id: ci(36)
    location_id: ci(36)
    evse_uid: ci(36) | None = None
    authorization_reference: ci(36) | None = None


class CancelReservation(Model):
    response_url: Url
    reservation_id: ci(36)


class UnlockConnector(Model):
    response_url: Url
    location_id: ci(36)
    evse_uid: ci(36)
    connector_id: ci(36)
