"""Gateway configurations as the API takes and shows them; a key is never shown whole."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from payments.api.payment_serializers import METHODS
from payments.models import Environment, Provider, ProviderConfig
from payments.services.providers import SECRETS, webhook_url
from unievp.lib.api.examples import CPO_ID, example
from unievp.lib.secrets import mask

_MADE = frozenset({*SECRETS, "webhook_url"})
_SECRET: dict[str, Any] = {"required": False, "allow_blank": True, "max_length": 500}


@example(priority=5)
class ProviderPatch(serializers.Serializer[Any]):
    """A secret that is empty, or comes as it was shown, stays as it is."""

    name = serializers.CharField(required=False, max_length=80)
    is_active = serializers.BooleanField(required=False)
    priority = serializers.IntegerField(required=False, min_value=0, max_value=32_767)
    methods = serializers.ListField(child=serializers.ChoiceField(choices=METHODS), required=False)
    for_payouts = serializers.BooleanField(required=False)
    api_key = serializers.CharField(**_SECRET)
    payout_key = serializers.CharField(**_SECRET)
    approver_key = serializers.CharField(**_SECRET)
    webhook_secret = serializers.CharField(**_SECRET)
    signature_key = serializers.CharField(**_SECRET)
    payout_version = serializers.ChoiceField(choices=["v2", "v3"], required=False)
    base_url = serializers.URLField(required=False, allow_blank=True, max_length=200)


@example(provider="xendit", environment="sandbox", cpo_id=CPO_ID, api_key="xnd_development_example")
class ProviderRequest(ProviderPatch):
    provider = serializers.ChoiceField(choices=Provider.choices)
    environment = serializers.ChoiceField(choices=Environment.choices)
    cpo_id = serializers.UUIDField(
        required=False,
        allow_null=True,
        help_text="Whose it is; the platform's with null, and without it where you are staff.",
    )
    api_key = serializers.CharField(max_length=500)


class ProviderView(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    cpo_id = serializers.UUIDField(allow_null=True, help_text="Null: the platform's.")
    provider = serializers.ChoiceField(choices=Provider.choices)
    environment = serializers.ChoiceField(choices=Environment.choices)
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    priority = serializers.IntegerField()
    methods = serializers.ListField(child=serializers.CharField())
    for_payouts = serializers.BooleanField()
    api_key = serializers.CharField(help_text="Masked, always, as the other keys are.")
    payout_key = serializers.CharField()
    approver_key = serializers.CharField()
    webhook_secret = serializers.CharField()
    signature_key = serializers.CharField()
    payout_version = serializers.CharField()
    base_url = serializers.CharField()
    webhook_url = serializers.CharField(help_text="What to enter at the gateway.")
    tested_at = serializers.DateTimeField(allow_null=True)
    test_result = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


def shown_provider(config: ProviderConfig) -> dict[str, Any]:
    """JSON-ready. A secret is masked before any serializer sees it."""
    names = [name for name in ProviderView().get_fields() if name not in _MADE]
    values: dict[str, Any] = {name: getattr(config, name) for name in names}
    values |= {name: mask(getattr(config, name)) for name in SECRETS}
    values["webhook_url"] = webhook_url(config)
    return dict(ProviderView(values).data)


class ProviderTested(serializers.Serializer[Any]):
    ok = serializers.BooleanField()
    result = serializers.CharField()
    tested_at = serializers.DateTimeField()
