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
OF_COLOURS = {"color-contrast", "link-in-text-block"}
# axe reads the colour that WebKit's own property fills letters with. Chromium gives there what it
# would be without forced colours, and paints the colour that is forced.
FORCED = """() => {
    const own = CSSStyleDeclaration.prototype.getPropertyValue;
    CSSStyleDeclaration.prototype.getPropertyValue = function (name) {
        const forced = matchMedia("(forced-colors: active)").matches;
        return own.call(this, forced && name === "-webkit-text-fill-color" ? "color" : name);
    };
}"""
# Letters of the colour of their ground are no fault to axe, but something to look at.
RUN = """async (runOnly) => {
    const found = await axe.run(document, {runOnly, resultTypes: ["violations", "incomplete"]});
    const unseen = found.incomplete.filter(rule => rule.id === "color-contrast").flatMap(
        rule => rule.nodes.filter(node => node.any.some(
            check => check.data && check.data.messageKey === "equalRatio")));
    return {
        ran: ["violations", "passes", "incomplete", "inapplicable"].flatMap(
            kind => found[kind].map(rule => rule.id)),
        faults: [
            ...found.violations.flatMap(rule => rule.nodes.map(node =>
                `${rule.id}: ${node.target.join(" ")}\\n    ${rule.help}\\n    ` +
                node.failureSummary.replaceAll("\\n", "\\n    "))),
            ...unseen.map(node => `color-contrast: ${node.target.join(" ")} is not to be seen`),
        ],
    };
}"""


@cache
def _source() -> str:
    return FILE.read_text(encoding="utf-8")


def axe_finds(page: Page, *, colours: bool = False) -> list[str]:
    """Return what axe finds on the page: for each fault the rule, the selector and the advice.

    Every rule for WCAG 2.2 to level AA, and of good practice, is run; with `colours` those alone
    that colours decide. A strict content security policy is no hindrance; JavaScript must be on.
    """
    wait_until_loaded(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
        page.evaluate(FORCED)
    rules = (
        {"type": "rule", "values": [*OF_COLOURS]} if colours else {"type": "tag", "values": TAGS}
    )
    result = page.evaluate(RUN, rules)
    if not_run := (OF_COLOURS if colours else SURELY_RUN) - set(result["ran"]):
        raise AssertionError(f"axe has not run {sorted(not_run)}")
    return list(result["faults"])
