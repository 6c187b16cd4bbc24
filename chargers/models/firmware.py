from __future__ import annotations

import uuid
from base64 import b64decode
from typing import ClassVar

from cryptography.x509 import load_pem_x509_certificate
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from chargers.models.configuration_template import matches
from cpo.models import CPO
from unievp.lib.constraints import choice_check
from unievp.lib.storage import private_storage

LOCATION_SCHEMES = ("http", "https", "ftp", "ftps")


def firmware_path(image: FirmwareImage, _name: str) -> str:
    # Never the uploader's name: a path is no place for what people type.
    return f"firmware/{image.pk}.bin"


class FirmwareImage(models.Model):
    """A firmware, kept by us or at an outside address.

    `signature` (base64) and `signing_certificate` (PEM) make it installable by
    SignedUpdateFirmware; with `signed_only` it is never sent in the unsigned form.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="firmware_images",
        verbose_name=_("CPO"),
        help_text=_("Empty: for the chargers of every CPO."),
    )
    version = models.CharField(
        _("version"),
        max_length=64,
        help_text=_("As the charger reports it at boot: the proof that it runs."),
    )
    vendor_pattern = models.CharField(_("vendor"), max_length=64, help_text=_("* for anything."))
    model_pattern = models.CharField(
        _("model"), max_length=64, default="*", help_text=_("* for anything.")
    )
    file = models.FileField(
        _("file"), storage=private_storage, upload_to=firmware_path, blank=True, max_length=200
    )
    file_name = models.CharField(_("file name"), max_length=100, blank=True, editable=False)
    external_url = models.CharField(
        _("outside address"),
        max_length=400,
        blank=True,
        validators=[URLValidator(schemes=LOCATION_SCHEMES)],
        help_text=_("Instead of a file: http, https, ftp or ftps."),
    )
    size = models.PositiveBigIntegerField(_("size (bytes)"), default=0, editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)
    signature = models.CharField(
        _("signature"), max_length=800, blank=True, help_text=_("Base64, from the vendor.")
    )
    signing_certificate = models.CharField(
        _("signing certificate"), max_length=5500, blank=True, help_text=_("PEM, from the vendor.")
    )
    signed_only = models.BooleanField(
        _("only signed"),
        default=False,
        help_text=_("Never send it to a charger that does not check signatures."),
    )
    notes = models.TextField(_("notes"), blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("firmware image")
        verbose_name_plural = _("firmware images")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(file="") ^ ~models.Q(external_url=""),
                name="firmware_image_is_a_file_or_an_address",
                violation_error_message=_("Give a file or an outside address, one of the two."),
            ),
            models.CheckConstraint(
                condition=(models.Q(signature="") & models.Q(signing_certificate=""))
                | (~models.Q(signature="") & ~models.Q(signing_certificate="")),
                name="firmware_image_has_signature_and_certificate_or_neither",
                violation_error_message=_("A signature needs its certificate, and the reverse."),
            ),
            models.CheckConstraint(
                condition=models.Q(signed_only=False) | ~models.Q(signature=""),
                name="firmware_image_for_signed_use_has_a_signature",
                violation_error_message=_("“Only signed” needs a signature."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vendor_pattern} {self.model_pattern} {self.version}"

    @property
    def is_signed(self) -> bool:
        return bool(self.signature)

    def clean(self) -> None:
        if self.signing_certificate:
            try:
                load_pem_x509_certificate(self.signing_certificate.encode())
            except ValueError:
                text = _("This is no certificate in PEM.")
                raise ValidationError({"signing_certificate": text}) from None
        if self.signature:
            try:
                b64decode(self.signature, validate=True)
            except ValueError:
                raise ValidationError({"signature": _("This is no base64.")}) from None

    def fits(self, charger: Charger) -> bool:
        return (
            self.cpo_id in (None, charger.cpo_id)
            and matches(self.vendor_pattern, charger.vendor)
            and matches(self.model_pattern, charger.model)
        )

    def runs_on(self, charger: Charger) -> bool:
        """Whether the charger says that it runs this version."""
        return charger.firmware_version.strip().casefold() == self.version.strip().casefold()


class CampaignStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    FINISHED = "finished", _("Finished")
    ABORTED = "aborted", _("Aborted")


class FirmwareCampaign(models.Model):
    """One image for many chargers: a few canaries, then waves, each behind a gate.

    A wave opens when the one before it is through, `success_percent` of it succeeded, and
    `soak_minutes` have passed. Anything else pauses the campaign with `halted_because`.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cpo = models.ForeignKey(
        CPO,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="firmware_campaigns",
        verbose_name=_("CPO"),
        help_text=_("Empty: chargers of every CPO."),
    )
    image = models.ForeignKey(
        FirmwareImage, on_delete=models.PROTECT, related_name="campaigns", verbose_name=_("image")
    )
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(
        _("status"), max_length=16, choices=CampaignStatus, default=CampaignStatus.DRAFT
    )
    halted_because = models.CharField(_("halted because"), max_length=300, blank=True)
    canaries = models.PositiveSmallIntegerField(
        _("canaries"), default=1, validators=[MinValueValidator(1)]
    )
    wave_percent = models.PositiveSmallIntegerField(
        _("each further wave (%)"),
        default=25,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )
    success_percent = models.PositiveSmallIntegerField(
        _("success needed (%)"), default=100, validators=[MaxValueValidator(100)]
    )
    soak_minutes = models.PositiveIntegerField(_("wait between waves (minutes)"), default=60)
    stop_at_failures = models.PositiveSmallIntegerField(
        _("stop at failures"), default=3, validators=[MinValueValidator(1)]
    )
    parallel = models.PositiveSmallIntegerField(
        _("chargers at a time"), default=10, validators=[MinValueValidator(1)]
    )
    attempts = models.PositiveSmallIntegerField(
        _("attempts per charger"), default=2, validators=[MinValueValidator(1)]
    )
    patience_h = models.PositiveSmallIntegerField(
        _("patience (h)"),
        default=24,
        help_text=_("How long a wave waits for chargers that are away or charging."),
    )
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    wave = models.PositiveSmallIntegerField(_("wave"), default=0)
    wave_since = models.DateTimeField(_("wave since"), null=True, blank=True)
    wave_through_at = models.DateTimeField(_("wave through"), null=True, blank=True)
    # A person who resumes a halted campaign has seen these failures and this wave.
    failures_accepted = models.PositiveIntegerField(default=0, editable=False)
    resumed_at = models.DateTimeField(_("resumed"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    tenant_path: ClassVar[str] = "cpo"

    class Meta:
        verbose_name = _("firmware campaign")
        verbose_name_plural = _("firmware campaigns")
        ordering = ("-created_at",)
        constraints: ClassVar = [
            choice_check("status", CampaignStatus, name="firmware_campaign_status_is_known"),
            models.CheckConstraint(
                condition=models.Q(
                    canaries__gte=1,
                    parallel__gte=1,
                    attempts__gte=1,
                    stop_at_failures__gte=1,
                    wave_percent__gte=1,
                    wave_percent__lte=100,
                    success_percent__lte=100,
                ),
                name="firmware_campaign_has_usable_numbers",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.cpo_id and self.image.cpo_id not in (None, self.cpo_id):
            raise ValidationError({"image": _("This image belongs to another CPO.")})


class UpdateStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    ASKED = "asked", _("Asked")
    ACCEPTED = "accepted", _("Accepted")
    DOWNLOADING = "downloading", _("Downloading")
    DOWNLOADED = "downloaded", _("Downloaded")
    INSTALLING = "installing", _("Installing")
    INSTALLED = "installed", _("Installed, not yet seen running")
    CONFIRMED = "confirmed", _("Runs the new version")
    FAILED = "failed", _("Failed")
    SKIPPED = "skipped", _("Left out")
    CANCELLED = "cancelled", _("Cancelled")


OPEN_UPDATES = (
    UpdateStatus.ASKED,
    UpdateStatus.ACCEPTED,
    UpdateStatus.DOWNLOADING,
    UpdateStatus.DOWNLOADED,
    UpdateStatus.INSTALLING,
    UpdateStatus.INSTALLED,
)


class UpdateForm(models.TextChoices):
    SIGNED = "SignedUpdateFirmware", _("Signed")
    UNSIGNED = "UpdateFirmware", _("Unsigned")


class FirmwareUpdate(models.Model):
    """One charger's way to an image. `id` is the requestId of the signed form.

    `reported` is the charger's last word; only a boot with the image's version confirms.
    """

    campaign = models.ForeignKey(
        FirmwareCampaign,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="updates",
        verbose_name=_("campaign"),
    )
    image = models.ForeignKey(
        FirmwareImage, on_delete=models.PROTECT, related_name="updates", verbose_name=_("image")
    )
    charger = models.ForeignKey(
        Charger,
        on_delete=models.PROTECT,
        related_name="firmware_updates",
        verbose_name=_("charger"),
    )
    wave = models.PositiveSmallIntegerField(_("wave"), default=0)
    status = models.CharField(
        _("status"), max_length=16, choices=UpdateStatus, default=UpdateStatus.WAITING
    )
    form = models.CharField(_("form"), max_length=24, choices=UpdateForm, blank=True)
    command = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Of the random part of the download address; void when the update ends.
    token_digest = models.BinaryField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("due"))
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True)
    phase_since = models.DateTimeField(_("in this phase since"))
    from_version = models.CharField(_("version before"), max_length=64, blank=True)
    reported = models.CharField(_("charger says"), max_length=64, blank=True)
    reported_at = models.DateTimeField(_("reported"), null=True, blank=True)
    downloads = models.PositiveSmallIntegerField(_("downloads"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)
    requested_label = models.CharField(_("who asked"), max_length=150, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("firmware update")
        verbose_name_plural = _("firmware updates")
        ordering = ("-pk",)
        constraints: ClassVar = [
            choice_check("status", UpdateStatus, name="firmware_update_status_is_known"),
            choice_check("form", UpdateForm, name="firmware_update_form_is_known", blank=True),
            models.UniqueConstraint(
                fields=["charger"],
                condition=models.Q(status__in=OPEN_UPDATES),
                name="charger_has_one_firmware_update_under_way",
            ),
            models.UniqueConstraint(
                fields=["campaign", "charger"], name="firmware_campaign_has_a_charger_once"
            ),
            models.UniqueConstraint(
                fields=["token_digest"], name="firmware_download_token_is_used_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["status", "due_at"],
                name="firmware_update_unfinished",
                condition=models.Q(status__in=["waiting", *OPEN_UPDATES]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.charger.identity} → {self.image.version}"
