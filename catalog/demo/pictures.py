"""Draws the demo's pictures, one a category: `python -m catalog.demo.pictures` writes them to static/img/demo."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Final

from django.utils.text import slugify

FOLDER: Final = Path(__file__).resolve().parents[2] / "static" / "img" / "demo"
ADDRESS: Final = "/static/img/demo"

# Strokes on a field of 96 by 96, by what they show; a category without any of its own gets a parcel.
STROKES: Final = {
    "tent": "M14 76 48 22 82 76Z M48 22V76 M48 50 36 76 M48 50 60 76",
    "shirt": "M34 22 16 34 24 48 32 43V76H64V43L72 48 80 34 62 22Q48 34 34 22Z",
    "lamp": "M48 16V26 M28 56Q28 30 48 30T68 56Z M40 62H56 M42 70H54 M22 34 16 30 M74 34 80 30",
    "pot": "M22 42H74V68Q74 76 66 76H30Q22 76 22 68Z M14 48H22 M74 48H82 M26 34H70 M48 28V34",
    "cup": "M24 36H64V60Q64 74 44 74T24 60Z M64 42H72Q80 42 80 50T72 58H64 M36 26Q32 22 36 16 M50 26Q46 22 50 16",
    "box": "M20 34 48 20 76 34V64L48 78 20 64Z M20 34 48 48 76 34 M48 48V78",
    "wheel": (
        "M26 74A16 16 0 1 0 26 42 16 16 0 1 0 26 74 M70 74A16 16 0 1 0 70 42 16 16 0 1 0 70 74 M26 58 40 "
        "34H60L70 58 M40 34 52 58H26"
    ),
    "cloth": "M22 24H74V62Q66 54 58 62T40 62 22 62Z M22 36H74 M22 74Q30 66 38 74T56 74 74 74",
    "spade": "M48 14V56 M40 14H56 M34 52H62V64Q62 78 48 82 34 78 34 64Z",
    "knife": "M16 62Q40 22 80 20 70 48 46 60Z M46 60 30 76 22 68 32 56",
    "bag": "M28 36Q28 18 48 18T68 36V74Q68 80 62 80H34Q28 80 28 74Z M36 52H60V66H36Z M40 18V12H56V18",
    "mountain": "M10 76 38 28 54 56 62 44 86 76Z M30 42 38 48 46 42",
    "flake": "M48 14V82 M19 31 77 65 M77 31 19 65 M40 20 48 28 56 20 M40 76 48 68 56 76",
    "boat": "M12 58Q48 76 84 58 70 80 48 80T12 58Z M48 62V18 M48 22 70 48H48",
    "plate": "M48 80A32 32 0 1 0 48 16 32 32 0 1 0 48 80 M48 66A18 18 0 1 0 48 30 18 18 0 1 0 48 66",
    "bed": "M14 28V76 M14 62H82V76 M82 62V52Q82 44 74 44H40V62 M22 52A6 6 0 1 0 34 52 6 6 0 1 0 22 52",
    "drop": "M48 14Q74 46 74 60 74 80 48 80T22 60Q22 46 48 14Z M34 60Q36 70 46 70",
    "hammer": "M22 24H58Q66 24 70 34H58V40H22Z M36 40V82H46V40",
    "case": "M18 34H78V76H18Z M38 34V22H58V34 M30 34V76 M66 34V76",
    "brush": "M40 14H56V44H40Z M30 44H66V54H30Z M32 54 28 80H68L64 54 M42 62V80 M54 62V80",
    "flame": "M48 14Q72 38 68 60 66 80 48 80T28 60Q28 46 38 38 40 50 48 48 54 34 48 14Z",
    "bolt": "M54 12 24 54H44L40 84 72 40H52Z",
    "shoe": "M16 34Q28 42 38 34L58 52Q80 54 82 66V74H16Z M40 44 34 50 M48 50 42 56",
    "cross": "M38 18H58V38H78V58H58V78H38V58H18V38H38Z",
    "glass": "M28 16H68Q68 46 48 50 28 46 28 16Z M48 50V78 M34 78H62",
    "roller": "M18 20H70V38H18Z M70 28H80V50H48V58 M42 58H54V82H42Z",
    "desk": "M12 40H84 M20 40V78 M76 40V78 M54 40V60H76 M26 18H54V40H26Z",
    "paw": (
        "M48 78Q30 78 32 64T48 48 64 64 48 78Z M24 48A6 8 0 1 0 24 32 6 8 0 1 0 24 48 M72 48A6 8 0 1 0 72 32 "
        "6 8 0 1 0 72 48 M39 34A6 8 0 1 0 39 18 6 8 0 1 0 39 34 M57 34A6 8 0 1 0 57 18 6 8 0 1 0 57 34"
    ),
    "lock": "M26 44H70V78H26Z M34 44V32Q34 18 48 18T62 32V44 M48 56V66",
    "compass": "M48 82A34 34 0 1 0 48 14 34 34 0 1 0 48 82 M62 34 54 54 34 62 42 42Z",
    "fish": "M14 48Q34 22 62 48 34 74 14 48Z M62 48 82 32V64Z M28 44V46",
    "chair": "M30 16V52H66 M30 52V82 M66 52V82 M30 16H38V52 M30 66H66",
    "ball": "M48 82A34 34 0 1 0 48 14 34 34 0 1 0 48 82 M18 34Q48 50 78 34 M18 62Q48 46 78 62",
    "car": (
        "M12 64V52L24 48 34 30H64L74 48 84 52V64Z M30 72A8 8 0 1 0 30 56 8 8 0 1 0 30 72 M66 72A8 8 0 1 0 66 "
        "56 8 8 0 1 0 66 72"
    ),
    "pole": "M34 12 26 84 M62 12 70 84 M28 18H42 M56 18H70 M22 74H34 M62 74H74",
    "pan": "M14 50A24 24 0 1 0 62 50 24 24 0 1 0 14 50 M62 50H86",
    "pillow": "M18 30Q48 22 78 30 72 48 78 66 48 74 18 66 24 48 18 30Z",
    "leaf": "M18 78Q18 22 78 18 78 74 30 70 M18 78 56 40",
    "can": "M24 44H62V76H24Z M62 52 84 34 M78 28 88 40 M24 52Q10 52 12 66T24 70 M32 44Q32 30 43 30T54 44",
}
CATEGORIES: Final = {
    "Tents": "tent", "Clothing": "shirt", "Lighting": "lamp", "Camp cooking": "pot", "Small Appliances": "bolt",
    "Coffee and Tea": "cup", "Food Storage": "box", "Cycling": "wheel", "Cookware": "pan", "Home Textiles": "cloth",
    "Garden Tools": "spade", "Knives": "knife", "Storage": "box", "Backpacks": "bag", "Climbing": "mountain",
    "Winter sports": "flake", "Paddling": "boat", "Baking": "plate", "Tableware": "plate", "Bedding": "pillow",
    "Watering": "can", "Hand Tools": "hammer", "Travel": "case", "Cleaning": "brush", "Bathroom": "drop",
    "Grills and Fire Pits": "flame", "Power Tools": "bolt", "Fasteners and Adhesives": "hammer",
    "Electrical and Batteries": "bolt", "Sleeping bags": "bed", "Running": "shoe", "First aid": "cross",
    "Footwear": "shoe", "Glassware": "glass", "Paint and Decorating": "roller", "Home Office": "desk", "Pets": "paw",
    "Safety and Locks": "lock", "Navigation": "compass", "Fishing": "fish", "Laundry": "cloth",
    "Garden Furniture": "chair", "Sleeping mats": "bed", "Plant Care": "leaf", "Toys and Games": "ball",
    "Baby and Children": "ball", "Planters": "leaf", "Car Accessories": "car", "Trekking poles": "pole",
    "Camp furniture": "chair",
}  # fmt: skip


def picture_of(category: str) -> str:
    """The picture as SVG: strokes in a colour of the category's own."""
    hue = zlib.crc32(category.encode()) % 360
    strokes = STROKES[CATEGORIES.get(category, "box")]
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96" width="192" height="192">'
        f'<rect width="96" height="96" fill="hsl({hue} 35% 90%)"/>'
        f'<path d="{strokes}" fill="none" stroke="hsl({hue} 45% 32%)" stroke-width="3.5"'
        ' stroke-linecap="round" stroke-linejoin="round"/></svg>\n'
    )


def name_of(category: str) -> str:
    return f"{slugify(category)}.svg"


def draw_all() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for category in CATEGORIES:
        (FOLDER / name_of(category)).write_text(picture_of(category))


if __name__ == "__main__":
    draw_all()
