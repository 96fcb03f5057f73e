"""Lighthouse's four marks of a page, with its own mobile settings."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from benchmarks.places import Unable, run

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
TRIES = 3  # its trace of the browser is lost now and then


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Out of 100, by category; and where it is less, the audits that cost points."""

    address: str
    scores: dict[str, int]
    lost: list[str]


def judge(command: list[str], chromium: Path, site: str, address: str, folder: Path) -> Marks:
    """Return the marks of `address` at `site`; `folder` takes the report. Raises Unable."""
    report = folder / "lighthouse.json"
    for _ in range(TRIES):
        run(
            *(*command, f"{site}{address}", "--quiet", "--output=json", f"--output-path={report}"),
            "--chrome-flags=--headless=new --no-sandbox",
            f"--only-categories={','.join(CATEGORIES)}",
            "--no-enable-error-reporting",
            env=os.environ | {"CHROME_PATH": str(chromium)},
            what_to_do=f"Lighthouse could not judge {address}. Read its message above.",
        )
        found = json.loads(report.read_text())
        if not found.get("runtimeError"):
            return _marks(address, found)
    raise Unable(f"Lighthouse could not judge {address}: {found['runtimeError']['message']}")


def _marks(address: str, found: dict[str, object]) -> Marks:
    categories, audits = found["categories"], found["audits"]
    assert isinstance(categories, dict)  # noqa: S101 (for the types: Lighthouse's own form)
    assert isinstance(audits, dict)  # noqa: S101 (the same)
    scores = {name: round(100 * category["score"]) for name, category in categories.items()}
    lost = [
        f"{name}: {audit['id']} ({audits[audit['id']].get('displayValue') or 'see its report'})"
        for name, category in categories.items()
        for audit in category["auditRefs"]
        # None is an audit that does not apply.
        if scores[name] < 100 and audit["weight"] and audits[audit["id"]]["score"] not in {1, None}
    ]
    return Marks(address=address, scores=scores, lost=lost)
