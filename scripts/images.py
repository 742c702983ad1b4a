"""`make images`: the pictures of the documentation, made anew from what the commands show today.

The gateway's page after the demo's season, and the top of the report of the same app.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.demo import APP, RUN, free_port, gateway, season, stored, tool  # noqa: E402
from tests.browser import DESK, chromium, resize  # noqa: E402
from tests.gateway.processes import wait_for  # noqa: E402

IMAGES = ROOT / "docs/images"
REPORT = (1160, 1020)
"""Width and height: its page, down to the beginning of what the app does."""


def picture(url: str, size: tuple[int, int], ready: str, name: str) -> None:
    """What is at ``url`` once there is something for the selector ``ready``."""
    with chromium(RUN / "chromium") as browser:
        resize(browser, size)
        browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
        browser.get(url)
        wait_for(
            lambda: browser.execute_script("return document.querySelector(arguments[0])", ready)
        )
        path = IMAGES / f"{name}.png"
        if not browser.save_screenshot(str(path)):
            raise SystemExit(f"cannot write {path}")
        print(path.relative_to(ROOT), flush=True)


def main() -> int:
    """Make them."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    RUN.mkdir(exist_ok=True)
    html = RUN / "irrigation-report.html"
    for command in (["build", APP], ["report", APP, "--out", str(html)]):
        subprocess.run([*tool("tinyfield"), *command], cwd=ROOT, check=True)
    picture(html.as_uri(), REPORT, "main", "report")

    page = f"http://127.0.0.1:{free_port(8080)}"
    broker = f"mqtt://127.0.0.1:{free_port(1883)}"
    with gateway(page, broker):
        sent, _ = season(broker)
        if stored(page) != sent:
            raise SystemExit(f"of {sent} decisions {stored(page)} are stored")
        picture(page, DESK, ".tf-decision", "gateway")
    return 0


if __name__ == "__main__":
    sys.exit(main())
