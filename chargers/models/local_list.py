"""What a charger knows of tags by itself (OCPP 1.6 §3.5.2), as far as we believe."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from chargers.models.charger import Charger
from chargers.models.command import Command
from unievp.lib.constraints import choice_check


class LocalListState(models.TextChoices):
    OFF = "off", _("Not kept")
    DUE = "due", _("To be brought up to date")
    ASKED = "asked", _("The charger is being asked")
    CURRENT = "current", _("Up to date")
    UNSUPPORTED = "unsupported", _("Not supported by the charger")


class LocalList(models.Model):
    """The local authorization list of one charger.

    `held` is what we believe it holds: {id tag in lower case: its idTagInfo}. It moves only with
    the charger's own answers, so that work cut off between two parts goes on where it was.
    `whole`: the next SendLocalList is a Full one. `unsure`: a SendLocalList that may have been
    applied; the charger is asked for its version before anything else is sent. There is one row,
    and so one request at a time, per charger.
    """

    charger = models.OneToOneField(
        Charger, on_delete=models.CASCADE, related_name="local_list", verbose_name=_("charger")
    )
    kept = models.BooleanField(_("kept"), default=False)
    state = models.CharField(
        _("state"), max_length=11, choices=LocalListState, default=LocalListState.OFF
    )
    held = models.JSONField(_("held"), default=dict, blank=True, editable=False)
    held_version = models.IntegerField(_("version we believe it has"), null=True, blank=True)
    # Never used twice: a charger takes only a higher one (§5.15).
    sent_version = models.IntegerField(_("highest version sent"), default=0)
    reported_version = models.IntegerField(_("version it told"), null=True, blank=True)
    reported_at = models.DateTimeField(_("told"), null=True, blank=True)
    whole = models.BooleanField(_("the whole list is to be sent"), default=True)
    # How many entries one message may carry, where the charger refused more.
    chunk = models.PositiveIntegerField(_("entries per message"), null=True, blank=True)
    left_out = models.PositiveIntegerField(_("tokens that do not fit"), default=0)
    command = models.ForeignKey(
        Command,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("latest request"),
    )
    unsure = models.ForeignKey(
        Command, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    compared_at = models.DateTimeField(_("compared"), null=True, blank=True)
    current_since = models.DateTimeField(_("up to date since"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=300, blank=True)

    tenant_path: ClassVar[str] = "charger__cpo"

    class Meta:
        verbose_name = _("local list")
        verbose_name_plural = _("local lists")
        ordering = ("charger",)
        constraints: ClassVar = [
            choice_check("state", LocalListState, name="local_list_state_is_known"),
            models.CheckConstraint(
                condition=~models.Q(state="off") | models.Q(kept=False),
                name="local_list_that_is_kept_is_not_off",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="due") | models.Q(due_at__isnull=False),
                name="local_list_that_is_due_says_when",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], name="local_list_due", condition=models.Q(state="due")),
        ]

    def __str__(self) -> str:
        return self.charger.identity
