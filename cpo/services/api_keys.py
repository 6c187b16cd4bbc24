"""API keys: made, shown once, recognised, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from cpo.access import Actor, audit_name
from cpo.models import CPO, ApiKey, AuditEntry, Scope, User
from cpo.services import audit
from unievp.lib import clock
from unievp.lib.errors import InvalidError
from unievp.lib.secrets import keyed_digest, matches_digest, new_token

_MARK = "uniev"
_MADE = "api_key.create"
_USE_NOTED_EVERY = timedelta(minutes=1)


def create_api_key(
    *,
    name: str,
    actor: Actor | str,
    cpo: CPO | None = None,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """A key and its text, which nobody can see again. No scopes: all of them.

    Raises InvalidError for no name, a scope that does not exist or an end in the past.
    """
    if not name.strip():
        raise InvalidError(_("Give the key a name."), field="name")
    unknown = [scope for scope in scopes if scope not in Scope.values]
    if unknown:
        known = ", ".join(Scope.values)
        raise InvalidError(
            _("There is no scope %(scope)s; there are %(known)s.")
            % {"scope": unknown[0], "known": known},
            field="scope",
        )
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidError(_("This time is over."), field="expires_at")
    prefix, secret = secrets.token_hex(4), new_token()
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name.strip()[:120],
            prefix=prefix,
            digest=keyed_digest(secret.encode()),
            scopes=list(dict.fromkeys(scopes)) or [Scope.ALL],
            cpo=cpo,
            expires_at=expires_at,
        )
        by_key = {"person": person_behind(actor)} if isinstance(actor, ApiKey) else {}
        audit.record(
            actor=actor if isinstance(actor, str) else audit_name(actor),
            action=_MADE,
            subject=key,
            after={"prefix": prefix, "scopes": " ".join(key.scopes), **by_key},
            cpo=cpo,
        )
    return key, f"{_MARK}_{prefix}_{secret}"


def revoke_api_key(key: ApiKey, *, actor: User | str) -> ApiKey:
    """End a key at once; a second time changes nothing."""
    with transaction.atomic():
        locked = ApiKey.objects.select_for_update().get(pk=key.pk)
        if locked.revoked_at is None:
            locked.revoked_at = clock.now()
            locked.save(update_fields=["revoked_at"])
            audit.record(
                actor=actor,
                action="api_key.revoke",
                subject=locked,
                after={"prefix": locked.prefix},
                cpo=locked.cpo,
            )
    return locked


def person_behind(actor: Actor | None) -> int | None:
    """Whose eyes these are: a key is no second person beside the one who made it."""
    if isinstance(actor, ApiKey):
        return maker_of(actor)
    return actor.pk if isinstance(actor, User) else None


def maker_of(key: ApiKey) -> int | None:
    """The person who made it or the key that made it, by the audit log; None: the server did."""
    made = AuditEntry.objects.filter(
        subject_type=key._meta.label, subject_id=str(key.pk), action=_MADE
    ).first()
    if made is None:
        return None
    return made.actor_id or (made.after or {}).get("person")


def recognise(text: str) -> ApiKey | None:
    """The usable key behind `text`; None for anything else. Notes the use once a minute."""
    mark, _sep, rest = text.partition("_")
    prefix, _sep, secret = rest.partition("_")
    if mark != _MARK or not prefix.isalnum() or not secret:
        return None
    key = ApiKey.objects.select_related("cpo").filter(prefix=prefix).first()
    now = clock.now()
    if key is None or not matches_digest(secret.encode(), bytes(key.digest)):
        return None
    if not key.is_usable(now):
        return None
    seen = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - _USE_NOTED_EVERY)
    if key.last_used_at is None or key.last_used_at < now - _USE_NOTED_EVERY:
        ApiKey.objects.filter(seen, pk=key.pk).update(last_used_at=now)
    return key
