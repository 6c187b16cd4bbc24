"""Outgoing webhooks as the API takes and shows them; a secret is whole only where it was made."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cpo.models import DeliveryAttempt, DeliveryStatus, EventDelivery, WebhookEndpoint
from cpo.services.webhooks.catalogue import CHOICES
from unievp.lib.api.examples import CPO_ID, example
from unievp.lib.secrets import mask

_TYPES_HELP = "Names of events, groups such as `payment.*`, or `*`."


@example(is_enabled=True, event_types=["session.ended", "payment.*"])
class WebhookPatch(serializers.Serializer[Any]):
    url = serializers.CharField(required=False, max_length=500, help_text="https only.")
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=CHOICES),
        required=False,
        min_length=1,
        max_length=len(CHOICES),
        help_text=_TYPES_HELP,
    )
    name = serializers.CharField(required=False, max_length=120, allow_blank=True)
    is_enabled = serializers.BooleanField(required=False)


@example(
    url="https://hooks.example.com/uniev",
    event_types=["session.ended", "payment.*"],
    cpo_id=CPO_ID,
)
class WebhookRequest(serializers.Serializer[Any]):
    url = serializers.CharField(max_length=500, help_text="https only.")
    event_types = serializers.ListField(
        child=serializers.ChoiceField(choices=CHOICES),
        min_length=1,
        max_length=len(CHOICES),
        help_text=_TYPES_HELP,
    )
    name = serializers.CharField(required=False, default="", max_length=120, allow_blank=True)
    cpo_id = serializers.UUIDField(
        required=False,
        help_text="Whose it is; absent: the caller's only company, or for staff the platform's.",
    )


class WebhookView(serializers.Serializer[WebhookEndpoint]):
    """`secret` is whole in the answer that made it, and masked ever after."""

    id = serializers.UUIDField()
    cpo_id = serializers.UUIDField(allow_null=True, help_text="Null: the platform's.")
    name = serializers.CharField()
    url = serializers.CharField()
    event_types = serializers.ListField(child=serializers.CharField())
    secret = serializers.SerializerMethodField()
    former_secret_until = serializers.DateTimeField(
        allow_null=True, help_text="Until then both secrets sign."
    )
    is_enabled = serializers.BooleanField()
    disabled_reason = serializers.CharField(help_text="Why it was switched off by itself.")
    failing_since = serializers.DateTimeField(
        allow_null=True, help_text="Nothing came through since; five days switch it off."
    )
    last_success_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()

    def get_secret(self, endpoint: WebhookEndpoint) -> str:
        return mask(endpoint.secret)


class AttemptView(serializers.Serializer[DeliveryAttempt]):
    at = serializers.DateTimeField()
    url = serializers.CharField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP; null: no answer came.")
    excerpt = serializers.CharField(help_text="The beginning of the answer.")
    error = serializers.CharField()
    latency_ms = serializers.IntegerField()


class DeliveryView(serializers.Serializer[EventDelivery]):
    id = serializers.IntegerField()
    event_id = serializers.UUIDField(help_text="What went out as `webhook-id`.")
    event_type = serializers.CharField(source="event.type")
    status = serializers.ChoiceField(choices=DeliveryStatus.choices)
    tries = serializers.IntegerField(help_text="Since it was queued, or sent again.")
    created_at = serializers.DateTimeField()
    next_try_at = serializers.DateTimeField(allow_null=True)
    last_try_at = serializers.DateTimeField(allow_null=True)
    last_status = serializers.IntegerField(allow_null=True)
    last_error = serializers.CharField()
    body = serializers.JSONField(source="event.body")
    attempts = AttemptView(source="attempts.all", many=True)


@example(since="2026-02-01T00:00:00Z")
class ResendRequest(serializers.Serializer[Any]):
    since = serializers.DateTimeField(help_text="What was queued since then and given up.")


class Resent(serializers.Serializer[Any]):
    count = serializers.IntegerField()
