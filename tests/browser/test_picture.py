"""`make picture`: the browser tests never start it, so at least it can be started."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_it_needs_no_settings_of_django():
    without = {name: value for name, value in os.environ.items() if "DJANGO" not in name}
    subprocess.run(
        [sys.executable, "-c", "import tests.browser.picture"],
        cwd=Path(__file__).parents[2],
        env=without,
        check=True,
    )
