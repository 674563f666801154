"""What the main pages of the console cost a browser that has nothing of them: time to paint, blocking, bytes.

python -m tests.benchmarks.pages [--runs 7]        needs chromium
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.browser.conftest import launched
from tests.browser.test_console import sign_in
from tests.browser.watched_page import Demo, demo_server

HERE = "/console/spaces/vod/environments/production"
PAGES = {
    "Home": "/console",
    "Model": "/console/spaces/vod/model",
    "Delivery": f"{HERE}/delivery",
    "Tribes": f"{HERE}/tribes",
    "Users & visitors": f"{HERE}/users",
}
SETTLE_MSEC = 500
SLOWDOWN = 4
"""How many times slower than this machine the browser's processor is made, as Lighthouse does for phones."""
WATCH = """
window.seen = { blocked: 0, shifted: 0 };
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.seen.blocked += Math.max(0, entry.duration - 50);
}).observe({ type: "longtask", buffered: true });
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.seen.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
FIGURES = """() => ({
    ...window.seen,
    painted: performance.getEntriesByName("first-contentful-paint")[0].startTime,
    bytes: [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
        .reduce((sum, entry) => sum + entry.transferSize, 0),
})"""
UNITS = {"painted": "first paint, ms", "blocked": "blocked, ms", "shifted": "layout shift", "bytes": "bytes"}


def look(browser: Any, demo: Demo, path: str, slowdown: int) -> dict[str, float]:
    """The figures of a page for somebody who is signed in and has nothing in the cache."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sign_in(page, demo)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.clearBrowserCache")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slowdown})
    page.add_init_script(WATCH)
    page.goto(demo.url + path)
    page.wait_for_load_state()
    page.wait_for_timeout(SETTLE_MSEC)
    figures: dict[str, float] = page.evaluate(FIGURES)
    context.close()
    return figures


def main() -> None:
    """Print the median of each figure, a line a page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--slowdown", type=int, default=SLOWDOWN)
    wanted = parser.parse_args()
    sys.stdout.write(" | ".join(("page", *UNITS.values())) + "\n")
    with tempfile.TemporaryDirectory() as name, demo_server(Path(name) / "data") as demo, launched() as browser:
        for title, path in PAGES.items():
            runs = [look(browser, demo, path, wanted.slowdown) for _ in range(wanted.runs)]
            medians = (statistics.median(run[figure] for run in runs) for figure in UNITS)
            shown = (f"{median:.4g}" if median < 1 else f"{median:,.0f}" for median in medians)
            sys.stdout.write(" | ".join((title, *shown)) + "\n")


if __name__ == "__main__":
    main()
