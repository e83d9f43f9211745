"""Takes the pictures in docs/images of a running Akin with the demo catalog: `take_screenshots.py http://127.0.0.1:8000`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
DESK, PHONE = (1200, 820), (390, 780)
PICTURES = {
    "search": ("/c/demo/?q=something+to+keep+the+rain+off+my+back&filter.price.lte=200", DESK, "light"),
    "item": ("/c/demo/items/out-0001", DESK, "light"),
    "mobile": ("/c/demo/?q=warm+sleeping+bag", PHONE, "light"),
    "dark": ("/c/demo/?q=secateurs+for+small+hands", DESK, "dark"),
}


def take(browser: Browser, address: str, name: str) -> None:
    """Writes one picture; the first hit of the light search page is explained in it."""
    path, (width, height), colours = PICTURES[name]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if colours == "dark" else "light",
    )
    page = context.new_page()
    page.goto(address + path)
    page.goto(address + path)  # the second answer comes from a warm encoder
    if name == "search":
        page.locator("details.why summary").first.click()
    page.screenshot(path=FOLDER / f"{name}.png")
    context.close()


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for name in PICTURES:
            take(browser, sys.argv[1].rstrip("/"), name)
        browser.close()


if __name__ == "__main__":
    main()
