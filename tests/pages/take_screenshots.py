"""Takes the pictures in docs/images of a running Akin with the demo catalog.

`python -m tests.pages.take_screenshots http://127.0.0.1:8000`, and with the name and password of a curator those of the
admin, too.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.chromium import BY_PROCESSOR

FOLDER = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
DESK, PHONE, ADMIN = (1200, 820), (390, 780), (1440, 900)
PICTURES = {
    "search": ("/c/demo/?q=something+to+keep+the+rain+off+my+back&filter.price.lte=200", DESK, "light"),
    "item": ("/c/demo/items/out-0001", DESK, "light"),
    "mobile": ("/c/demo/?q=warm+sleping+bag", PHONE, "light"),
    "dark": ("/c/demo/?q=secateurs+for+small+hands", DESK, "dark"),
    "insight": ("/c/demo/insight", DESK, "light"),
    "map": ("/c/demo/insight/map?q=tent", (1200, 900), "light"),
    "ask": ("/c/demo/ask?q=which+stove+works+in+the+cold", DESK, "light"),
}
ADMIN_PICTURES = {
    "admin-overview": ("/admin/", ADMIN, "light"),
    "admin-item": ("/admin/catalog/item/?q=out-0121", ADMIN, "light"),
    "admin-pairs": ("/admin/search/duplicatepair/", ADMIN, "light"),
    "admin-pair": ("/admin/search/duplicatepair/?q=hou-0018", ADMIN, "light"),
    "admin-group": ("/admin/search/duplicatepair/groups/", ADMIN, "light"),
}
OPENED = {  # what is clicked before the picture is taken
    "search": "details.why summary",
    "admin-item": "#result_list tbody a",
    "admin-pair": "#result_list tbody a",
    "admin-group": ".akin-table tbody a",
}
AWAITED = {"map": "#map[data-drawn]"}  # what is there when the page is done


def take(context: BrowserContext, address: str, name: str, path: str) -> None:
    page = context.new_page()
    page.goto(address + path)
    page.goto(address + path)  # the second answer comes from a warm encoder
    if name in OPENED:
        page.locator(OPENED[name]).first.click()
        page.wait_for_load_state("networkidle")
    if name in AWAITED:
        page.wait_for_selector(AWAITED[name])
        page.wait_for_timeout(1_000)  # the labels settle
    page.screenshot(path=FOLDER / f"{name}.png")


def take_all(browser: Browser, address: str, credentials: list[str]) -> None:
    for name, (path, (width, height), colours) in {**PICTURES, **(ADMIN_PICTURES if credentials else {})}.items():
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if colours == "dark" else "light",
        )
        if name in ADMIN_PICTURES:
            sign_in(context, address, *credentials)
        take(context, address, name, path)
        context.close()


def sign_in(context: BrowserContext, address: str, username: str, password: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/admin/login/?next=/admin/")
    page.fill("[name=username]", username)
    page.fill("[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")
    page.close()


def main() -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", *BY_PROCESSOR]
        )
        take_all(browser, sys.argv[1].rstrip("/"), sys.argv[2:4])
        browser.close()


if __name__ == "__main__":
    main()
