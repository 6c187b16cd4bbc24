"""Payment providers: which configuration serves whom, and how it is kept and tested."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Case, IntegerField, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cpo.access import Actor, Right, audit_name, is_platform_staff, require_right
from cpo.models import CPO
from cpo.services import audit
from payments.gateways.base import Credentials, Gateway, GatewayError, Method
from payments.gateways.registry import METHODS, gateway
from payments.models import Environment, Provider, ProviderConfig
from unievp.lib import clock
from unievp.lib.errors import ForbiddenError, InvalidError, RefusedError

SECRETS: Final = ("api_key", "payout_key", "approver_key", "webhook_secret", "signature_key")
_SANDBOX_KEYS: Final = {Provider.XENDIT: "xnd_development_", Provider.MIDTRANS: "SB-Mid-"}


def credentials_of(config: ProviderConfig) -> Credentials:
    return Credentials(
        environment=config.environment,
        api_key=config.api_key,
        payout_key=config.payout_key,
        approver_key=config.approver_key,
        webhook_secret=config.webhook_secret,
        signature_key=config.signature_key,
        payout_version=config.payout_version or "v2",
        base_url=config.base_url,
    )


def gateway_of(config: ProviderConfig) -> Gateway:
    return gateway(config.provider, credentials_of(config))


def webhook_url(config: ProviderConfig) -> str:
    """What to enter at the gateway: unguessable, one per configuration."""
    path = reverse("payment-webhook", args=(config.provider, config.webhook_slug))
    return f"{settings.PUBLIC_URL}{path}"


def offered_methods(cpo: CPO) -> list[Method]:
    """How a driver may pay this CPO, in the order of `Method`."""
    offered = {method for config in _active(cpo) for method in _methods_of(config)}
    return [method for method in Method if method in offered]


def choose_config(cpo: CPO, method: Method) -> ProviderConfig:
    """The CPO's own before the platform's, then by priority. Raises RefusedError."""
    for config in _active(cpo):
        if method in _methods_of(config):
            return config
    detail = _("This way to pay is not offered here.")
    raise RefusedError(detail, field="method", code="method_not_offered")


def _methods_of(config: ProviderConfig) -> set[Method]:
    """What is chosen, as far as the gateway can do it: nobody is sent where they are refused."""
    return {method for method in METHODS[config.provider] if method.value in config.methods}


def payout_config(cpo: CPO | None = None) -> ProviderConfig | None:
    """Where settlements are paid from: the platform's, never a CPO's own account."""
    del cpo
    configs = ProviderConfig.objects.filter(cpo=None, is_active=True, for_payouts=True)
    return configs.order_by("priority", "created_at").first()


def save_provider(config: ProviderConfig, *, actor: Actor, **changes: Any) -> ProviderConfig:
    """Create or change a configuration. A secret that is empty or masked stays as it is.

    Raises ForbiddenError, InvalidError (which names the field); ValidationError of the model.
    """
    _require_owner(config, actor)
    before = _shown(config)
    for name, value in changes.items():
        if name in SECRETS and (not value or "•" in value):
            continue
        setattr(config, name, value)
    check_provider(config)
    config.full_clean(exclude=["cpo"])
    with transaction.atomic():
        config.save()
        audit.record(
            actor=audit_name(actor),
            action="payment_provider.save",
            subject=config,
            before=before,
            after=_shown(config) | {name: changes[name] for name in SECRETS if changes.get(name)},
            cpo=config.cpo,
        )
    return config


def retire_provider(config: ProviderConfig, *, actor: Actor) -> ProviderConfig:
    """No new payments go there; what is open is still followed, so the row and its keys stay."""
    return save_provider(config, actor=actor, is_active=False)


def rotate_keys(config: ProviderConfig, *, actor: Actor, **keys: str) -> ProviderConfig:
    """New keys in place of old ones; those that are not given stay. Raises InvalidError."""
    given = {name: value.strip() for name, value in keys.items() if value.strip()}
    if unknown := sorted(set(given) - set(SECRETS)):
        message = f"{unknown[0]} is no key"
        raise TypeError(message)
    if not given:
        raise InvalidError(_("Enter at least one new key."), field="api_key")
    return save_provider(config, actor=actor, **given, tested_at=None, test_result="")


def test_provider(config: ProviderConfig, *, actor: Actor) -> tuple[bool, str]:
    """Ask the gateway something harmless; (whether it answered well, its words)."""
    _require_owner(config, actor)
    try:
        good, result = True, gateway_of(config).test_connection()
    except GatewayError as error:
        good, result = False, str(error)
    config.tested_at, config.test_result = clock.now(), result[:300]
    config.save(update_fields=["tested_at", "test_result", "updated_at"])
    return good, config.test_result


def _active(cpo: CPO) -> list[ProviderConfig]:
    own_first = Case(When(cpo=cpo, then=Value(0)), default=Value(1), output_field=IntegerField())
    configs = ProviderConfig.objects.filter(Q(cpo=cpo) | Q(cpo=None), is_active=True)
    if not settings.DEBUG:
        configs = configs.filter(Q(environment=Environment.PRODUCTION) | ~Q(base_url=""))
    return list(configs.order_by(own_first, "priority", "created_at"))


def _require_owner(config: ProviderConfig, actor: Actor) -> None:
    if config.cpo is not None:
        require_right(actor, config.cpo, Right.MONEY)
    elif not is_platform_staff(actor):
        raise ForbiddenError(_("Only platform staff may change the platform's providers."))


def check_provider(config: ProviderConfig) -> None:
    """Whether it may be kept. Raises InvalidError, which names the field."""
    known = {method.value for method in Method}
    unknown = sorted(set(config.methods) - known)
    if unknown:
        detail = _("Unknown methods: %(names)s.") % {"names": ", ".join(unknown)}
        raise InvalidError(detail, field="methods")
    if not config.api_key:
        raise InvalidError(_("Enter the API key."), field="api_key")
    prefix = _SANDBOX_KEYS.get(Provider(config.provider), "")
    is_sandbox_key = config.api_key.startswith(prefix)
    if is_sandbox_key != (config.environment == Environment.SANDBOX):
        raise InvalidError(
            _("This key is not one of the chosen environment."),
            field="api_key",
            code="key_of_another_environment",
        )
    host = urlsplit(config.base_url).hostname
    if config.base_url and host not in settings.GATEWAY_HOSTS:
        raise InvalidError(_("This host is not in GATEWAY_HOSTS."), field="base_url")


def _shown(config: ProviderConfig) -> dict[str, Any]:
    names = ("name", "provider", "environment", "is_active", "priority", "base_url", "for_payouts")
    return {name: getattr(config, name) for name in names} | {"methods": list(config.methods)}
