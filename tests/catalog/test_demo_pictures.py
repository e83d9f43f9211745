"""The demo's pictures are there, drawn by the script, and each item has the one of its category."""

from __future__ import annotations

import json

from catalog import demo
from catalog.demo.pictures import ADDRESS, CATEGORIES, FOLDER, STROKES, name_of, picture_of


def test_every_item_has_the_picture_of_its_category_as_the_script_draws_it() -> None:
    items = [json.loads(line) for line in (demo.FOLDER / "items.jsonl").read_text().splitlines()]
    categories = {item["attributes"]["category"] for item in items if "category" in item["attributes"]}
    assert categories == set(CATEGORIES) and set(CATEGORIES.values()) <= set(STROKES)
    for item in items:
        if category := item["attributes"].get("category"):
            assert item["image"] == f"{ADDRESS}/{name_of(category)}"
    assert all((FOLDER / name_of(name)).read_text() == picture_of(name) for name in categories)
