"""Endpoints: made, changed, their secrets renewed, switched off and taken away."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from cpo.access import Actor, Right, audit_name, is_platform_staff, require_right
from cpo.events import WebhooksDue
from cpo.models import (
    CPO,
    ApiKey,
    DeliveryStatus,
    EventDelivery,
    User,
    WebhookEndpoint,
    WebhookEvent,
)
from cpo.services import audit
from cpo.services.notifications.telling import notify, people_of
from cpo.services.webhooks.catalogue import TEST, chosen, scopes_for
from cpo.services.webhooks.outbox import queue
from cpo.services.webhooks.signing import new_secret
from unievp.lib import clock
from unievp.lib.errors import ConflictError, ForbiddenError, InvalidError
from unievp.lib.events import publish
from unievp.lib.targets import check_url

# Both secrets sign for so long after a rotation.
OVERLAP: Final = timedelta(hours=24)
MOST_ENDPOINTS: Final = 20
_LONGEST_NAME = 120


def create_endpoint(
    cpo: CPO | None, *, url: str, event_types: Iterable[str], actor: Actor, name: str = ""
) -> WebhookEndpoint:
    """An endpoint of `cpo` (None: the platform's); its `secret` is shown to its maker, once.

    Raises InvalidError (url, event_types, name), ForbiddenError, ConflictError (too many).
    """
    check_may_manage(cpo, actor)
    types = _granted(event_types, actor)
    address = check_url(url, allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
    now = clock.now()
    with transaction.atomic():
        _check_room(cpo)
        endpoint = WebhookEndpoint.objects.create(
            cpo=cpo,
            name=_name(name),
            url=address,
            event_types=types,
            secret=new_secret(),
            enabled_at=now,
            created_at=now,
            created_by=actor if isinstance(actor, User) else None,
        )
        _record(endpoint, "create", actor, after=_shown(endpoint))
    return endpoint


def change_endpoint(endpoint: WebhookEndpoint, *, actor: Actor, **changes: Any) -> WebhookEndpoint:
    """Change `name`, `url`, `event_types` or `is_enabled`; switching on forgets the failures."""
    check_may_manage(endpoint.cpo, actor)
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        before = _shown(locked)
        if "name" in changes:
            locked.name = _name(changes["name"])
        if "url" in changes:
            locked.url = check_url(changes["url"], allow_loopback=settings.WEBHOOK_ALLOW_LOOPBACK)
        if "event_types" in changes:
            locked.event_types = _granted(changes["event_types"], actor)
        if "is_enabled" in changes and changes["is_enabled"] != locked.is_enabled:
            _switch(locked, on=changes["is_enabled"], reason="")
        locked.save()
        if _shown(locked) != before:
            _record(locked, "change", actor, before=before, after=_shown(locked))
    return locked


def delete_endpoint(endpoint: WebhookEndpoint, *, actor: Actor) -> None:
    """Nothing goes there any more; its log goes with it."""
    check_may_manage(endpoint.cpo, actor)
    with transaction.atomic():
        _record(endpoint, "delete", actor, before=_shown(endpoint))
        WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()


def rotate_secret(endpoint: WebhookEndpoint, *, actor: Actor) -> WebhookEndpoint:
    """A new `secret`, shown once; the former one signs beside it for 24 hours."""
    check_may_manage(endpoint.cpo, actor)
    with transaction.atomic():
        locked = WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        locked.former_secret, locked.secret = locked.secret, new_secret()
        locked.former_secret_until = clock.now() + OVERLAP
        locked.save(update_fields=["former_secret", "former_secret_until", "secret"])
        _record(locked, "rotate_secret", actor)
    return locked


def send_test(endpoint: WebhookEndpoint, *, actor: Actor) -> EventDelivery:
    """Queue a `webhook.test`, whatever the endpoint hears of. Raises ConflictError if it is off."""
    check_may_manage(endpoint.cpo, actor)
    if not endpoint.is_enabled:
        raise ConflictError(_("Switch it on first."), code="webhook_off")
    now = clock.now()
    event = WebhookEvent(type=TEST, cpo=endpoint.cpo, occurred_at=now, recorded_at=now)
    event.key = f"{TEST}:{event.pk}"
    event.body = {
        "id": str(event.pk),
        "type": TEST,
        "timestamp": clock.isoformat_z(now),
        "cpo_id": str(endpoint.cpo_id) if endpoint.cpo_id else None,
        "data": {"endpoint_id": str(endpoint.pk)},
    }
    with transaction.atomic():
        event.save(force_insert=True)
        queue([(endpoint, event.pk)], now=now)
        publish(WebhooksDue())
    return EventDelivery.objects.select_related("event").get(event=event, endpoint=endpoint)


def switch_off(endpoint_id: UUID, *, reason: str) -> bool:
    """Off by itself, because of `reason`; whether it was on. What waits is given up, and can be
    sent again once the endpoint is on.
    """
    with transaction.atomic():
        rows = WebhookEndpoint.objects.select_for_update(of=("self",)).select_related(
            "cpo", "created_by"
        )
        endpoint = rows.filter(pk=endpoint_id, is_enabled=True).first()
        if endpoint is None:
            return False
        _switch(endpoint, on=False, reason=reason)
        endpoint.save()
        _record(endpoint, "disabled", "webhooks", after={"reason": reason})
        _tell_owners(endpoint, reason)
    return True


def check_may_manage(cpo: CPO | None, actor: Actor) -> None:
    """The company's own managers; the platform's people for endpoints of the platform."""
    if cpo is not None:
        require_right(actor, cpo, Right.MANAGE)
    elif not is_platform_staff(actor):
        raise ForbiddenError(_("Only the platform's staff may do this."))


def _switch(endpoint: WebhookEndpoint, *, on: bool, reason: str) -> None:
    endpoint.is_enabled, endpoint.disabled_reason = on, reason
    if on:
        endpoint.enabled_at, endpoint.failing_since = clock.now(), None
    else:
        waiting = EventDelivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING)
        waiting.update(status=DeliveryStatus.FAILED, next_try_at=None, claimed_until=None)


def _tell_owners(endpoint: WebhookEndpoint, reason: str) -> None:
    """Of the company its managers, of the platform whoever made it."""
    maker = [endpoint.created_by] if endpoint.created_by else []
    path = reverse("portal:webhook", args=(endpoint.pk,))
    notify(
        people_of(endpoint.cpo, Right.MANAGE) if endpoint.cpo else maker,
        event="webhook.disabled",
        key=f"webhook_off:{endpoint.pk}:{endpoint.enabled_at.isoformat()}",
        args={"webhook": str(endpoint), "reason_text": reason},
        link=f"{path}?cpo={endpoint.cpo_id}"
        if endpoint.cpo
        else reverse("admin:cpo_webhookendpoint_change", args=(endpoint.pk,)),
        cpo=endpoint.cpo,
    )


def _granted(event_types: Iterable[str], actor: Actor) -> list[str]:
    """A key hears of nothing that it may not read."""
    types = chosen(event_types)
    if isinstance(actor, ApiKey):
        for scope in sorted(scopes_for(types)):
            if not actor.may(scope):
                raise ForbiddenError(
                    _("This key may not hear of that: it lacks the scope %(scope)s.")
                    % {"scope": scope},
                    field="event_types",
                    code="insufficient_scope",
                )
    return types


def _check_room(cpo: CPO | None) -> None:
    if cpo is not None:
        CPO.objects.select_for_update(no_key=True).get(pk=cpo.pk)
    if WebhookEndpoint.objects.filter(cpo=cpo).count() >= MOST_ENDPOINTS:
        raise ConflictError(
            _("There are %(count)d already; take one away first.") % {"count": MOST_ENDPOINTS},
            code="too_many_webhooks",
        )


def _name(text: str) -> str:
    name = text.strip()
    if len(name) > _LONGEST_NAME or not (name.isprintable() or not name):
        raise InvalidError(_("This name is too long, or is no text."), field="name")
    return name


def _shown(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "name": endpoint.name,
        "url": endpoint.url,
        "event_types": " ".join(endpoint.event_types),
        "is_enabled": endpoint.is_enabled,
    }


def _record(
    endpoint: WebhookEndpoint, action: str, actor: Actor | str, **values: dict[str, Any]
) -> None:
    audit.record(
        actor=actor if isinstance(actor, str) else audit_name(actor),
        action=f"webhook_endpoint.{action}",
        subject=endpoint,
        cpo=endpoint.cpo,
        **values,  # type: ignore[arg-type]  # before and after
    )
