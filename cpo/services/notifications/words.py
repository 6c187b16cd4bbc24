"""What a notification says, in the language and the time zone of now."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import formats
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from cpo.models import Notification
from cpo.services.notifications.catalogue import KINDS
from unievp.lib.money import format_money


def title_of(notification: Notification, zone: ZoneInfo) -> str:
    kind = KINDS.get(notification.event)
    return _filled(str(kind.title), notification, zone) if kind else notification.event


def body_of(notification: Notification, zone: ZoneInfo) -> str:
    kind = KINDS.get(notification.event)
    return _filled(str(kind.body), notification, zone) if kind else ""


def _filled(text: str, notification: Notification, zone: ZoneInfo) -> str:
    words = _Words({name: _shown(name, value, zone) for name, value in notification.args.items()})
    return (text % words).strip()


class _Words(dict[str, str]):
    """Words that changed since a row was written may ask for what it does not have."""

    def __missing__(self, name: str) -> str:
        return ""


def _phrase(phrase: dict[str, Any], zone: ZoneInfo) -> str:
    """A sentence of ours inside another: `text` in English, its `context`, and `args` for it."""
    context = phrase.get("context")
    text = pgettext(context, phrase["text"]) if context else _(phrase["text"])
    args = phrase.get("args", {})
    return text % _Words({name: _shown(name, value, zone) for name, value in args.items()})


def _shown(name: str, value: Any, zone: ZoneInfo) -> str:
    if isinstance(value, dict):
        return _phrase(value, zone)
    if name.endswith("_idr"):
        return format_money(int(value), language=get_language() or settings.LANGUAGE_CODE)
    if name.endswith("_text"):
        return _(value) if value else ""
    if name.endswith("_at"):
        local = datetime.fromisoformat(value).astimezone(zone)
        return f"{formats.date_format(local, 'j M Y, H:i')} {local.tzname()}"
    return " ".join(str(value).split())
