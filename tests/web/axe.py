"""What axe-core finds wrong with a page, by the rules of WCAG 2.2 AA."""

from __future__ import annotations

from functools import cache
from typing import Any

from playwright.sync_api import Page

from web.build import PACKAGES

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (rules) => {
  const found = await axe.run(document, {runOnly: rules, preload: false});
  return found.violations.flatMap((broken) => broken.nodes.map((node) =>
    `${broken.id}: ${broken.help}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""


def violations(page: Page, rules: list[str] | None = None) -> list[str]:
    """Each as one line: the rule, what it wants, where. Shadow roots are looked into."""
    page.evaluate(_source())
    found: Any = page.evaluate(RUN, rules or RULES)
    return list(found)


@cache
def _source() -> str:
    return (PACKAGES / "axe-core" / "axe.min.js").read_text()
