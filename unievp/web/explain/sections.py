"""The page's sections, in order. A payment or a CDR joins by one more line in SECTIONS.

`build` gets the story and gives the template's context, or None where there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from unievp.web.explain.facts import facts
from unievp.web.explain.meter import meter
from unievp.web.explain.moments import moments
from unievp.web.explain.money import ledger, price
from unievp.web.explain.payment import payment
from unievp.web.explain.story import Story


@dataclass(frozen=True, slots=True)
class Section:
    key: str
    title: Promise
    template: str
    build: Callable[[Story], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """A section with something to say; the template finds it as `part`."""

    section: Section
    part: dict[str, Any]


def _timeline(story: Story) -> dict[str, Any]:
    return {"moments": moments(story), "left_out": story.frames.left_out}


SECTIONS: Final[Sequence[Section]] = (
    Section("facts", _("At a glance"), "portal/explain/facts.html", facts),
    Section("meter", _("What the meter said"), "portal/explain/meter.html", meter),
    Section("price", _("How the price came about"), "portal/explain/price.html", price),
    Section("payment", _("What was paid in advance"), "portal/explain/payment.html", payment),
    Section("ledger", _("Where the money stands"), "portal/explain/ledger.html", ledger),
    Section("timeline", _("What happened"), "portal/explain/timeline.html", _timeline),
)


def explain(story: Story, sections: Sequence[Section] = SECTIONS) -> list[Shown]:
    built = ((section, section.build(story)) for section in sections)
    return [Shown(section, part) for section, part in built if part is not None]
