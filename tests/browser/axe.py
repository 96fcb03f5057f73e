"""The accessibility checker axe, run on the page that a browser shows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.looking import wait_until_loaded

FILE = Path(__file__).parent.parent.parent / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# So that an axe which has looked at nothing is noticed.
SURELY_RUN = {"color-contrast", "target-size", "label", "link-name", "region", "html-has-lang"}
RUN = """async (tags) => {
    const found = await axe.run(
        document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]});
    return {
        ran: ["violations", "passes", "incomplete", "inapplicable"].flatMap(
            kind => found[kind].map(rule => rule.id)),
        faults: found.violations.flatMap(rule => rule.nodes.map(node =>
            `${rule.id}: ${node.target.join(" ")}\\n    ${rule.help}\\n    ` +
            node.failureSummary.replaceAll("\\n", "\\n    "))),
    };
}"""


@cache
def _source() -> str:
    return FILE.read_text(encoding="utf-8")


def axe_finds(page: Page) -> list[str]:
    """Return what axe finds on the page: for each fault the rule, the selector and the advice.

    Every rule for WCAG 2.2 to level AA, and of good practice, is run. A strict
    content security policy is no hindrance; JavaScript must be on.
    """
    wait_until_loaded(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    result = page.evaluate(RUN, TAGS)
    if not_run := SURELY_RUN - set(result["ran"]):
        raise AssertionError(f"axe has not run {sorted(not_run)}")
    return list(result["faults"])
