"""The answer before the evidence: what it was, and whether the figures agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from unievp.web.explain.story import Story


@dataclass(frozen=True, slots=True)
class Check:
    """One sentence that is true or not; `holds` None: cannot be told yet."""

    text: str
    holds: bool | None


def facts(story: Story) -> dict[str, Any]:
    return {"checks": list(_checks(story)), "quote": story.quote, "bill": story.bill}


def _checks(story: Story) -> list[Check]:
    session, bill = story.session, story.bill
    checks: list[Check] = []
    if session.meter_stop_wh is not None:
        gained = session.meter_stop_wh - session.meter_start_wh
        values = {
            "stop": session.meter_stop_wh, "start": session.meter_start_wh,
            "energy": session.energy_wh,
        }  # fmt: skip
        text = _("Meter %(stop)s Wh minus %(start)s Wh is the energy: %(energy)s Wh") % values
        checks.append(Check(text, gained == session.energy_wh))
    elif session.ended_at is not None:
        checks.append(Check(_("The charger never sent a stop"), holds=False))
    if story.readings.doubts:
        text = _("%(count)d of %(total)d readings are in doubt") % {
            "count": story.readings.doubts, "total": story.readings.total,
        }  # fmt: skip
        checks.append(Check(text, holds=False))
    else:
        text = _("%(total)d readings, none in doubt") % {"total": story.readings.total}
        checks.append(Check(text, holds=True if story.readings.total else None))
    if bill is not None:
        total = sum(line.amount for line in bill.lines.all())
        checks.append(Check(_("The bill's lines add up to its total"), total == bill.total))
        checks.append(Check(_("The session costs what was billed"), session.cost == bill.total))
    if session.hold_reason:
        checks.append(Check(_("Held: %(reason)s") % {"reason": session.hold_reason}, holds=False))
    return checks
