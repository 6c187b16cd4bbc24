"""axe-core over the page as it stands: what keeps people with a screen reader or weak eyes out."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from e2e.processes import ROOT

SOURCE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
_RUN = """async (impacts) => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations
    .filter((each) => impacts.includes(each.impact))
    .map((each) => ({
      rule: each.id,
      nodes: each.nodes.map((node) => `${node.target.join(" ")}: ${node.failureSummary}`),
    }));
}"""


@cache
def _source() -> str:
    return SOURCE.read_text()


def grave_issues(page: Page) -> list[str]:
    """A line for each rule that is broken in a way that hinders people, with where."""
    # Evaluated by the browser's debugger, so the page's own policy stays as strict as it is.
    if not page.evaluate("'axe' in window"):
        page.evaluate(f"() => {{ {_source()} }}")
    found: list[dict[str, Any]] = page.evaluate(_RUN, list(GRAVE))
    return [f"{each['rule']}: {node}" for each in found for node in each["nodes"]]
