"""A tariff in words on a page."""

from __future__ import annotations

from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tariffs.describe import price_text
from tariffs.models import TariffVersion
from tariffs.pricing.tariff import Snapshot
from tariffs.services.snapshots import rules_of


def told_prices(version: TariffVersion) -> SafeString:
    """As drivers read it: the prices in one line, then every rule."""
    language = translation.get_language() or "id"
    text = price_text(Snapshot(rules_of(version)), language=language)
    lines = format_html_join("", "<li>{}</li>", ((line,) for line in text.lines))
    return format_html('<strong>{}</strong><ul class="list-disc ml-4">{}</ul>', text.short, lines)
