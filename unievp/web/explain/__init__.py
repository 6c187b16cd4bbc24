"""One page per session that joins the wire to the money: docs/wire-log.md."""

from unievp.web.explain.sections import SECTIONS, Section, Shown, explain
from unievp.web.explain.story import Story

__all__ = ["SECTIONS", "Section", "Shown", "Story", "explain"]
