from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst

_LINK = "text-primary-600 hover:underline dark:text-primary-500"


def changelist_url(model: str, **filters: object) -> str:
    """The admin list of `model` ("chargers.charger"), filtered by lookups."""
    url = reverse(f"admin:{model.lower().replace('.', '_')}_changelist")
    return f"{url}?{urlencode(filters)}" if filters else url


def change_url(model: str, pk: object) -> str:
    return reverse(f"admin:{model.lower().replace('.', '_')}_change", args=(pk,))


def list_link(model: str, text: object, **filters: object) -> SafeString:
    return link(changelist_url(model, **filters), capfirst(str(text)))


def change_link(row: Model | None, text: object = None) -> SafeString | str:
    """A link to the row's own page; "-" for none."""
    if row is None:
        return "-"
    shown = str(row) if text is None else text
    return link(change_url(row._meta.label_lower, row.pk), shown)


def links(*parts: SafeString) -> SafeString:
    """Side by side, with a dot between."""
    return format_html_join(" · ", "{}", ((part,) for part in parts))


def link(url: str, text: object) -> SafeString:
    return format_html('<a href="{}" class="{}">{}</a>', url, _LINK, text)


def pretty_json(value: Any) -> SafeString | str:
    """Indented and escaped: it came from a charger. Text that is no JSON is shown as it is."""
    if value in (None, "", {}, []):
        return "-"
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return _block(value)
    return _block(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=False))


def _block(text: str) -> SafeString:
    return format_html('<pre class="uniev-json">{}</pre>', text)
