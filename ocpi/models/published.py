from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models import Location
from ocpi.models.party import Party
from tariffs.models import TariffTemplate
from unievp.lib.constraints import choice_check


class ParkingType(models.TextChoices):
    ALONG_MOTORWAY = "ALONG_MOTORWAY", _("Along a motorway")
    PARKING_GARAGE = "PARKING_GARAGE", _("Parking garage")
    PARKING_LOT = "PARKING_LOT", _("Parking lot")
    ON_DRIVEWAY = "ON_DRIVEWAY", _("On a driveway")
    ON_STREET = "ON_STREET", _("On the street")
    UNDERGROUND_GARAGE = "UNDERGROUND_GARAGE", _("Underground garage")


class Facility(models.TextChoices):
    HOTEL = "HOTEL", _("Hotel")
    RESTAURANT = "RESTAURANT", _("Restaurant")
    CAFE = "CAFE", _("Café")
    MALL = "MALL", _("Mall")
    SUPERMARKET = "SUPERMARKET", _("Supermarket")
    SPORT = "SPORT", _("Sport")
    RECREATION_AREA = "RECREATION_AREA", _("Recreation area")
    NATURE = "NATURE", _("Nature")
    MUSEUM = "MUSEUM", _("Museum")
    BIKE_SHARING = "BIKE_SHARING", _("Bike sharing")
    BUS_STOP = "BUS_STOP", _("Bus stop")
    TAXI_STAND = "TAXI_STAND", _("Taxi stand")
    TRAM_STOP = "TRAM_STOP", _("Tram stop")
    METRO_STATION = "METRO_STATION", _("Metro station")
    TRAIN_STATION = "TRAIN_STATION", _("Train station")
    AIRPORT = "AIRPORT", _("Airport")
    PARKING_LOT = "PARKING_LOT", _("Parking lot")
    CARPOOL_PARKING = "CARPOOL_PARKING", _("Carpool parking")
    FUEL_STATION = "FUEL_STATION", _("Fuel station")
    WIFI = "WIFI", _("Wi-Fi")


class PublishedLocation(models.Model):
    """A location as partners see it: what only roaming knows of it, and the object itself.

    `body` is the OCPI Location as JSON, rendered from the rows of the field; whoever renders it
    moves `last_updated` where anything inside has changed, so that `date_from` finds it. Empty:
    not publishable yet, `missing` says why. Looked at again by `checked_at`.
    """

    location = models.OneToOneField(
        Location,
        on_delete=models.PROTECT,
        related_name="published",
        verbose_name=_("location"),
    )
    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="locations", verbose_name=_("party")
    )
    is_published = models.BooleanField(
        _("shown to partners"),
        default=True,
        help_text=_("Switched off: partners are told that its connectors were removed."),
    )
    parking_type = models.CharField(
        _("kind of parking"), max_length=20, choices=ParkingType, blank=True
    )
    facilities = ArrayField(
        models.CharField(max_length=20, choices=Facility),
        verbose_name=_("facilities"),
        default=list,
        blank=True,
    )
    charging_when_closed = models.BooleanField(_("charging goes on when closed"), default=True)
    body = models.TextField(_("as partners see it"), blank=True, editable=False)
    missing = models.CharField(_("what is missing"), max_length=200, blank=True, editable=False)
    last_updated = models.DateTimeField(_("changed"), null=True, blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "location__cpo"

    class Meta:
        verbose_name = _("published location")
        verbose_name_plural = _("published locations")
        ordering = ("location__name",)
        constraints: ClassVar = [
            choice_check(
                "parking_type", ParkingType, name="published_location_parking_is_known", blank=True
            ),
            models.CheckConstraint(
                condition=models.Q(facilities__contained_by=Facility.values),
                name="published_location_facilities_are_known",
            ),
            models.CheckConstraint(
                condition=models.Q(body="") | models.Q(last_updated__isnull=False),
                name="published_location_with_a_body_has_a_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["last_updated"], name="published_location_by_change"),
            models.Index(fields=["checked_at"], name="published_location_by_check"),
        ]

    def __str__(self) -> str:
        return str(self.location)


class OpeningHours(models.Model):
    """When a location is open on one weekday, by its own clock. No rows at all: always."""

    location = models.ForeignKey(
        PublishedLocation,
        on_delete=models.CASCADE,
        related_name="opening_hours",
        verbose_name=_("location"),
    )
    weekday = models.PositiveSmallIntegerField(_("weekday (1 = Monday)"))
    opens_at = models.TimeField(_("opens"))
    closes_at = models.TimeField(_("closes"), help_text=_("00:00: at midnight."))

    tenant_path: ClassVar[str] = "location__location__cpo"

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")
        ordering = ("weekday", "opens_at")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["location", "weekday", "opens_at"], name="opening_hours_are_told_once"
            ),
            models.CheckConstraint(
                condition=models.Q(weekday__range=(1, 7)), name="opening_hours_are_of_a_weekday"
            ),
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at"))
                | models.Q(closes_at="00:00"),
                name="opening_hours_end_after_they_begin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.opens_at:%H:%M}-{self.closes_at:%H:%M}"


class ExceptionalHours(models.Model):
    """A holiday that is closed, or a night that is open, beside the opening hours."""

    location = models.ForeignKey(
        PublishedLocation,
        on_delete=models.CASCADE,
        related_name="exceptional_hours",
        verbose_name=_("location"),
    )
    begins_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    is_open = models.BooleanField(_("open"), default=False)

    tenant_path: ClassVar[str] = "location__location__cpo"

    class Meta:
        verbose_name = _("exceptional hours")
        verbose_name_plural = _("exceptional hours")
        ordering = ("begins_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("begins_at")),
                name="exceptional_hours_end_after_they_begin",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d %H:%M}"


class ImageCategory(models.TextChoices):
    CHARGER = "CHARGER", _("Charger")
    ENTRANCE = "ENTRANCE", _("Entrance")
    LOCATION = "LOCATION", _("Location")
    NETWORK = "NETWORK", _("Network")
    OPERATOR = "OPERATOR", _("Operator")
    OTHER = "OTHER", _("Other")
    OWNER = "OWNER", _("Owner")


class LocationImage(models.Model):
    """A picture that partners may show, by its address."""

    location = models.ForeignKey(
        PublishedLocation,
        on_delete=models.CASCADE,
        related_name="images",
        verbose_name=_("location"),
    )
    url = models.URLField(_("address"), max_length=255)
    category = models.CharField(
        _("shows"), max_length=12, choices=ImageCategory, default=ImageCategory.LOCATION
    )
    kind = models.CharField(
        _("file type"), max_length=4, default="jpeg", help_text=_("Such as jpeg, png, svg.")
    )

    tenant_path: ClassVar[str] = "location__location__cpo"

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ("id",)
        constraints: ClassVar = [
            choice_check("category", ImageCategory, name="location_image_category_is_known"),
        ]

    def __str__(self) -> str:
        return self.url


class PublishedTariff(models.Model):
    """A tariff as partners see it, with the local tax of the places where it is sold.

    The specification's prices are net and name one VAT, so one template is one OCPI tariff per
    rate of PBJT. `removed_at`: no connector sells at it any more.
    """

    party = models.ForeignKey(
        Party, on_delete=models.PROTECT, related_name="tariffs", verbose_name=_("party")
    )
    template = models.ForeignKey(
        TariffTemplate,
        on_delete=models.PROTECT,
        related_name="published",
        verbose_name=_("tariff"),
    )
    pbjt_percent = models.DecimalField(_("PBJT (%)"), max_digits=7, decimal_places=4, default=0)
    ocpi_id = models.CharField(_("OCPI id"), max_length=36, editable=False)
    body = models.TextField(_("as partners see it"), editable=False)
    last_updated = models.DateTimeField(_("changed"), editable=False)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True, editable=False)

    tenant_path: ClassVar[str] = "template__cpo"

    class Meta:
        verbose_name = _("published tariff")
        verbose_name_plural = _("published tariffs")
        ordering = ("ocpi_id",)
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["template", "pbjt_percent"], name="published_tariff_is_one_per_tax"
            ),
            models.UniqueConstraint(fields=["ocpi_id"], name="published_tariff_id_is_unique"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["last_updated"], name="published_tariff_by_change"),
        ]

    def __str__(self) -> str:
        return self.ocpi_id
