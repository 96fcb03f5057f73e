"""How Chromium is started, and the sizes of its windows."""

from __future__ import annotations

PHONE = {"width": 320, "height": 640}
DESKTOP = {"width": 1280, "height": 900}
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
