"""The one writer of the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models

from cpo.models import CPO, AuditEntry, User
from unievp.lib import clock

# A value under such a name never reaches the log, whoever wrote the call.
_SECRET_WORDS = ("password", "secret", "api_key", "token", "authorization", "account_number")


def _clean(values: Mapping[str, Any] | None) -> dict[str, Any]:
    cleaned: dict[str, Any] = {}
    for name, value in (values or {}).items():
        secret = any(word in name.lower() for word in _SECRET_WORDS)
        if secret and value:
            cleaned[name] = "••••"
        elif value is None or isinstance(value, bool | int):
            cleaned[name] = value
        else:
            cleaned[name] = _storable(str(value))
    return cleaned


def _storable(text: str) -> str:
    """Without what PostgreSQL cannot hold: NUL, and halves of characters (lone surrogates)."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def record(
    *,
    actor: User | AnonymousUser | str,
    action: str,
    subject: models.Model,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    cpo: CPO | None = None,
    reason: str = "",
) -> AuditEntry:
    """Append one entry inside the caller's transaction.

    `actor` is a user, or the name of the process that acted by itself ("beat: release_pending").
    `before`/`after` hold only the changed fields; only those that differ are kept.
    """
    was, is_now = before or {}, after or {}
    # Compared before masking: a changed secret must leave a trace, too.
    same = {name for name in was.keys() & is_now.keys() if was[name] == is_now[name]}
    old, new = _clean(was), _clean(is_now)
    user = actor if isinstance(actor, User) else None
    return AuditEntry.objects.create(
        at=clock.now(),
        actor=user,
        actor_label=_storable(user.get_username() if user else str(actor))[:150],
        cpo=cpo,
        action=action,
        subject_type=subject._meta.label,
        subject_id=str(subject.pk),
        subject_label=_storable(str(subject))[:200],
        before={name: value for name, value in old.items() if name not in same},
        after={name: value for name, value in new.items() if name not in same},
        reason=_storable(reason),
    )
