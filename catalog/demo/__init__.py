"""The demo catalog: a shop that does not exist, written for Akin. It is the fixture of tests, docs and evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SLUG = "demo"
NAME = "Demo shop"
DESCRIPTION = "Outdoor, household, garden and workshop: a made-up shop to try Akin on."
ATTRIBUTE_SCHEMA: dict[str, dict[str, Any]] = {
    "category": {"type": "term", "facet": True, "label": "Category"},
    "brand": {"type": "term", "facet": True, "label": "Brand"},
    "price": {"type": "number", "facet": True, "label": "Price in euros"},
    "colours": {"type": "term", "facet": True, "label": "Colour"},
    "material": {"type": "term", "label": "Material"},
    "size": {"type": "term", "label": "Size"},
    "capacity_l": {"type": "number", "label": "Capacity in litres"},
    "weight_g": {"type": "number", "label": "Weight in grams"},
    "length_cm": {"type": "number", "label": "Length in centimetres"},
    "sku": {"type": "term", "identifier": True, "label": "SKU"},
}
