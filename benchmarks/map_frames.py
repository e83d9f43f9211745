"""The map of a running Akin in Chromium: when it is drawn, and how long each frame takes while it is moved.

python -m benchmarks.map_frames URL --collection SLUG; prints JSON. Without a graphics card Chromium draws by the
processor, which is then what is measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests import chromium

STEPS = 30  # movements of the mouse, one every 16 ms or as fast as they are drawn
WATCH = """() => {
    window.frames = [];
    let last = performance.now();
    const note = (now) => { window.frames.push(now - last); last = now; requestAnimationFrame(note); };
    requestAnimationFrame(note);
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--collection", required=True)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, chromium.NAMES)))
        browser = playwright.chromium.launch(executable_path=path, args=chromium.BY_PROCESSOR, chromium_sandbox=False)
        measured = []
        for _ in range(arguments.times):
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            measured.append(measure(page, f"{arguments.url}/c/{arguments.collection}/insight/map"))
            page.close()
        browser.close()
    print(json.dumps({name: round(statistics.median(one[name] for one in measured), 1) for name in measured[0]}))


def measure(page: Page, address: str) -> dict[str, Any]:
    """Milliseconds from the request to the first picture of all points, and of frames while the map is dragged."""
    page.goto(address)
    page.wait_for_selector("#map[data-drawn]", timeout=120_000)
    drawn = float(page.get_attribute("#map", "data-drawn") or 0)
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(WATCH)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(STEPS):
        page.mouse.move(x + 150 * (step % 40) / 40, y + 80 * (step % 30) / 30)
        page.wait_for_timeout(16)
    page.mouse.up()
    frames = sorted(page.evaluate("window.frames"))
    return {
        "drawn_ms": drawn,
        "frames": len(frames),
        "frame_p50_ms": frames[len(frames) // 2],
        "frame_p95_ms": frames[int(len(frames) * 0.95)],
        "longest_frame_ms": frames[-1],
    }


if __name__ == "__main__":
    main()
