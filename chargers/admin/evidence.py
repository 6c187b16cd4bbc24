from __future__ import annotations

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from chargers.models import ChargingSession
from chargers.selectors.evidence import gather_evidence
from unievp.lib.admin import energy, power


def evidence_of(session: ChargingSession) -> SafeString:
    """The figures that a decision about a session's energy rests on, one per line."""
    found = gather_evidence(session)
    lines = [
        (_("counted"), energy(found.counted_wh)),
        (_("meter at stop minus start"), energy(found.by_meters_wh)),
        (_("latest reading minus first"), energy(found.by_registers_wh)),
        (
            _("the connector can give at most"),
            f"{energy(found.most_wh)} ({power(found.max_power_w)})",
        ),
        (
            _("readings"),
            _("%(count)d, %(doubted)d of them doubted")
            % {"count": found.readings, "doubted": found.doubted},
        ),
    ]
    if found.is_estimated:
        lines.append((_("end"), _("estimated: the charger has not told of it")))
    if found.contradictions:
        lines.append((_("other stops that contradict"), str(found.contradictions)))
    return format_html_join("", "<p>{}: {}</p>", lines)
