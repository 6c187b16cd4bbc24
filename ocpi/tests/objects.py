# mypy: disable-error-code="valid-type,misc"
# Types made by functions (`text(45)`) are pydantic's way of saying a length; mypy wants names.
"""Every OCPI 2.2.1 object as a pydantic model, written from the reference's appendix 1.

Strict on purpose: an unknown field, a null, a number as text or a time with microseconds fails.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints


def _number(value):
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a JSON number")
    return Decimal(value)


def _moment(value):
    if not isinstance(value, str):
        raise ValueError("not a time")
    datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007  (only its shape)
    return value


def text(most):
    return Annotated[str, StringConstraints(min_length=1, max_length=most)]


def ci(most):
    return Annotated[
        str, StringConstraints(min_length=1, max_length=most, pattern=r"^[\x20-\x7e]+$")
    ]


def one_of(words):
    return Literal[tuple(words.split())]


Number = Annotated[Decimal, BeforeValidator(_number)]
Moment = Annotated[str, BeforeValidator(_moment)]
Url = Annotated[str, StringConstraints(max_length=255, pattern=r"^https?://")]
Clock = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    def __init__(self, **values):
        nulls = [name for name, value in values.items() if value is None]
        if nulls:
            raise ValueError(f"null: {nulls}")
        super().__init__(**values)


class DisplayText(Model):
    language: text(2)
    text: text(512)


class Price(Model):
    excl_vat: Number
    incl_vat: Number | None = None


class Image(Model):
    url: Url
    thumbnail: Url | None = None
    category: one_of("CHARGER ENTRANCE LOCATION NETWORK OPERATOR OTHER OWNER")
    type: ci(4)
    width: int | None = None
    height: int | None = None


class BusinessDetails(Model):
    name: text(100)
    website: Url | None = None
    logo: Image | None = None


class CredentialsRole(Model):
    role: one_of("CPO EMSP HUB NAP NSP OTHER SCSP")
    business_details: BusinessDetails
    party_id: ci(3)
    country_code: ci(2)


class Credentials(Model):
    token: text(64)
    url: Url
    roles: Annotated[list[CredentialsRole], Field(min_length=1)]


class GeoLocation(Model):
    latitude: Annotated[str, StringConstraints(max_length=10, pattern=r"^-?\d{1,2}\.\d{5,7}$")]
    longitude: Annotated[str, StringConstraints(max_length=11, pattern=r"^-?\d{1,3}\.\d{5,7}$")]


class RegularHours(Model):
    weekday: Annotated[int, Field(ge=1, le=7)]
    period_begin: Clock
    period_end: Clock


class ExceptionalPeriod(Model):
    period_begin: Moment
    period_end: Moment


class Hours(Model):
    twentyfourseven: bool
    regular_hours: list[RegularHours] = []
    exceptional_openings: list[ExceptionalPeriod] = []
    exceptional_closings: list[ExceptionalPeriod] = []


CONNECTORS = (
    "CHADEMO CHAOJI DOMESTIC_A DOMESTIC_B DOMESTIC_C DOMESTIC_D DOMESTIC_E DOMESTIC_F DOMESTIC_G "
    "DOMESTIC_H DOMESTIC_I DOMESTIC_J DOMESTIC_K DOMESTIC_L DOMESTIC_M DOMESTIC_N DOMESTIC_O "
    "GBT_AC GBT_DC IEC_60309_2_single_16 IEC_60309_2_three_16 IEC_60309_2_three_32 "
    "IEC_60309_2_three_64 IEC_62196_T1 IEC_62196_T1_COMBO IEC_62196_T2 IEC_62196_T2_COMBO "
    "IEC_62196_T3A IEC_62196_T3C NEMA_5_20 NEMA_6_30 NEMA_6_50 NEMA_10_30 NEMA_10_50 NEMA_14_30 "
    "NEMA_14_50 PANTOGRAPH_BOTTOM_UP PANTOGRAPH_TOP_DOWN TESLA_R TESLA_S"
)
POWER = "AC_1_PHASE AC_2_PHASE AC_2_PHASE_SPLIT AC_3_PHASE DC"


class Connector(Model):
    id: ci(36)
    standard: one_of(CONNECTORS)
    format: one_of("SOCKET CABLE")
    power_type: one_of(POWER)
    max_voltage: int
    max_amperage: int
    max_electric_power: int | None = None
    tariff_ids: list[ci(36)] = []
    terms_and_conditions: Url | None = None
    last_updated: Moment


STATUS = "AVAILABLE BLOCKED CHARGING INOPERATIVE OUTOFORDER PLANNED REMOVED RESERVED UNKNOWN"


class Evse(Model):
    uid: ci(36)
    evse_id: ci(48) | None = None
    status: one_of(STATUS)
    capabilities: list[
        one_of(
            "CHARGING_PROFILE_CAPABLE CHARGING_PREFERENCES_CAPABLE CHIP_CARD_SUPPORT "
            "CONTACTLESS_CARD_SUPPORT CREDIT_CARD_PAYABLE DEBIT_CARD_PAYABLE PED_TERMINAL "
            "REMOTE_START_STOP_CAPABLE RESERVABLE RFID_READER START_SESSION_CONNECTOR_REQUIRED "
            "TOKEN_GROUP_CAPABLE UNLOCK_CAPABLE"
        )
    ] = []
    connectors: Annotated[list[Connector], Field(min_length=1)]
    floor_level: text(4) | None = None
    coordinates: GeoLocation | None = None
    physical_reference: text(16) | None = None
    directions: list[DisplayText] = []
    images: list[Image] = []
    last_updated: Moment


class Location(Model):
    country_code: ci(2)
    party_id: ci(3)
    id: ci(36)
    publish: bool
    name: text(255) | None = None
    address: text(45)
    city: text(45)
    postal_code: text(10) | None = None
    state: text(20) | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    coordinates: GeoLocation
    parking_type: (
        one_of("ALONG_MOTORWAY PARKING_GARAGE PARKING_LOT ON_DRIVEWAY ON_STREET UNDERGROUND_GARAGE")
        | None
    ) = None
    evses: list[Evse] = []
    directions: list[DisplayText] = []
    operator: BusinessDetails | None = None
    facilities: list[
        one_of(
            "HOTEL RESTAURANT CAFE MALL SUPERMARKET SPORT RECREATION_AREA NATURE MUSEUM "
            "BIKE_SHARING BUS_STOP TAXI_STAND TRAM_STOP METRO_STATION TRAIN_STATION AIRPORT "
            "PARKING_LOT CARPOOL_PARKING FUEL_STATION WIFI"
        )
    ] = []
    time_zone: text(255)
    opening_times: Hours | None = None
    charging_when_closed: bool | None = None
    images: list[Image] = []
    last_updated: Moment


class PriceComponent(Model):
    type: one_of("ENERGY FLAT PARKING_TIME TIME")
    price: Number
    vat: Number | None = None
    step_size: int


class Restrictions(Model):
    start_time: Clock | None = None
    end_time: Clock | None = None
    start_date: Day | None = None
    end_date: Day | None = None
    min_kwh: Number | None = None
    max_kwh: Number | None = None
    min_current: Number | None = None
    max_current: Number | None = None
    min_power: Number | None = None
    max_power: Number | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: list[one_of("MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY")] = []
    reservation: one_of("RESERVATION RESERVATION_EXPIRES") | None = None


class TariffElement(Model):
    price_components: Annotated[list[PriceComponent], Field(min_length=1)]
    restrictions: Restrictions | None = None


class Tariff(Model):
    country_code: ci(2)
    party_id: ci(3)
    id: ci(36)
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    type: one_of("AD_HOC_PAYMENT PROFILE_CHEAP PROFILE_FAST PROFILE_GREEN REGULAR") | None = None
    tariff_alt_text: list[DisplayText] = []
    tariff_alt_url: Url | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    elements: Annotated[list[TariffElement], Field(min_length=1)]
    start_date_time: Moment | None = None
    end_date_time: Moment | None = None
    last_updated: Moment


class CdrToken(Model):
    country_code: ci(2)
    party_id: ci(3)
    uid: ci(36)
    type: one_of("AD_HOC_USER APP_USER OTHER RFID")
    contract_id: ci(36)


class Dimension(Model):
    type: one_of(
        "CURRENT ENERGY ENERGY_EXPORT ENERGY_IMPORT MAX_CURRENT MIN_CURRENT MAX_POWER MIN_POWER "
        "PARKING_TIME POWER RESERVATION_TIME STATE_OF_CHARGE TIME"
    )
    volume: Number


class ChargingPeriod(Model):
    start_date_time: Moment
    dimensions: Annotated[list[Dimension], Field(min_length=1)]
    tariff_id: ci(36) | None = None


class CdrLocation(Model):
    id: ci(36)
    name: text(255) | None = None
    address: text(45)
    city: text(45)
    postal_code: text(10) | None = None
    state: text(20) | None = None
    country: text(3)
    coordinates: GeoLocation
    evse_uid: ci(36)
    evse_id: ci(48)
    connector_id: ci(36)
    connector_standard: one_of(CONNECTORS)
    connector_format: one_of("SOCKET CABLE")
    connector_power_type: one_of(POWER)


AUTH = "AUTH_REQUEST COMMAND WHITELIST"


class Session(Model):
    country_code: ci(2)
    party_id: ci(3)
    id: ci(36)
    start_date_time: Moment
    end_date_time: Moment | None = None
    kwh: Number
    cdr_token: CdrToken
    auth_method: one_of(AUTH)
    authorization_reference: ci(36) | None = None
    location_id: ci(36)
    evse_uid: ci(36)
    connector_id: ci(36)
    meter_id: text(255) | None = None
    currency: text(3)
    charging_periods: list[ChargingPeriod] = []
    total_cost: Price | None = None
    status: one_of("ACTIVE COMPLETED INVALID PENDING RESERVATION")
    last_updated: Moment


class Cdr(Model):
    country_code: ci(2)
    party_id: ci(3)
    id: ci(39)
    start_date_time: Moment
    end_date_time: Moment
    session_id: ci(36) | None = None
    cdr_token: CdrToken
    auth_method: one_of(AUTH)
    authorization_reference: ci(36) | None = None
    cdr_location: CdrLocation
    meter_id: text(255) | None = None
    currency: text(3)
    tariffs: list[Tariff] = []
    charging_periods: Annotated[list[ChargingPeriod], Field(min_length=1)]
    total_cost: Price
    total_fixed_cost: Price | None = None
    total_energy: Number
    total_energy_cost: Price | None = None
    total_time: Number
    total_time_cost: Price | None = None
    total_parking_time: Number | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: text(255) | None = None
    invoice_reference_id: ci(39) | None = None
    credit: bool | None = None
    credit_reference_id: ci(39) | None = None
    last_updated: Moment


class CommandResponse(Model):
    result: one_of("NOT_SUPPORTED REJECTED ACCEPTED UNKNOWN_SESSION")
    timeout: int
    message: list[DisplayText] = []


class CommandResult(Model):
    result: one_of(
        "ACCEPTED CANCELED_RESERVATION EVSE_OCCUPIED EVSE_INOPERATIVE FAILED NOT_SUPPORTED "
        "REJECTED TIMEOUT UNKNOWN_RESERVATION"
    )
    message: list[DisplayText] = []


class Version(Model):
    version: one_of("2.0 2.1 2.1.1 2.2 2.2.1 2.3.0")
    url: Url


class Endpoint(Model):
    identifier: ci(64)
    role: one_of("SENDER RECEIVER")
    url: Url


class VersionDetails(Model):
    version: one_of("2.2.1 2.3.0")
    endpoints: Annotated[list[Endpoint], Field(min_length=1)]


class StatusPatch(Model):
    """What changes of an EVSE between two PUTs of its location."""

    status: one_of(STATUS)
    last_updated: Moment


class ProfilePeriod(Model):
    start_period: int
    limit: Number


class ChargingProfile(Model):
    start_date_time: Moment | None = None
    duration: int | None = None
    charging_rate_unit: one_of("W A")
    min_charging_rate: Number | None = None
    charging_profile_period: list[ProfilePeriod] = []


class ActiveChargingProfile(Model):
    start_date_time: Moment
    charging_profile: ChargingProfile


class ChargingProfileResponse(Model):
    result: one_of("ACCEPTED NOT_SUPPORTED REJECTED TOO_OFTEN UNKNOWN_SESSION")
    timeout: int


class ProfileResult(Model):
    """ChargingProfileResult, ClearProfileResult; with a profile ActiveChargingProfileResult."""

    result: one_of("ACCEPTED REJECTED UNKNOWN")
    profile: ActiveChargingProfile | None = None


class ClientInfo(Model):
    party_id: ci(3)
    country_code: ci(2)
    role: one_of("CPO EMSP HUB NAP NSP OTHER SCSP")
    status: one_of("CONNECTED OFFLINE PLANNED SUSPENDED")
    last_updated: Moment


class Envelope(Model):
    """`data` is checked by what was asked."""

    data: Any = None
    status_code: Annotated[int, Field(ge=1000, lt=4000)]
    status_message: str | None = None
    timestamp: Moment


def check(model, value):
    """`value` itself; a fault fails the test with pydantic's words."""
    model.model_validate(value)
    return value
