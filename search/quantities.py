"""Numbers of a text or attribute, with their units brought to one per dimension, so that 12 in equals 30.5 cm."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

# dimension -> size of each unit in the dimension's base unit
_UNITS: Mapping[str, str] = {
    "length": """
        mm .1 millimeter .1 millimetre .1 cm 1 centimeter 1 centimetre 1 m 100 meter 100 metre 100 km
        1e5 in 2.54 inch 2.54 inches 2.54 " 2.54 '' 2.54 ' 2.54 ft 30.48 foot 30.48 feet 30.48 yd 91.44
        yard 91.44 mile 160934
    """,
    "mass": """
        mg .001 g 1 gr 1 gram 1 gramme 1 gramm 1 kg 1e3 kilo 1e3 kilogram 1e3 oz 28.35 ounce 28.35 lb
        453.6 pound 453.6
    """,
    "volume": """
        ml 1 milliliter 1 millilitre 1 cl 10 dl 100 l 1e3 liter 1e3 litre 1e3 gal 3785 gallon 3785 qt
        946.4 quart 946.4 pint 473.2 floz 29.57 cuft 28317
        impgal 4546 impgallon 4546 impqt 1136.5 impquart 1136.5 imppint 568.3 impfloz 28.41
    """,
    "memory": "kb .001 mb 1 gb 1e3 tb 1e6 megabyte 1 gigabyte 1e3 terabyte 1e6",
    "power": "w 1 watt 1 kw 1e3 kilowatt 1e3 hp 745.7",
    "voltage": "v 1 volt 1 kv 1e3",
    "current": "ma .001 a 1 amp 1 ampere 1",
    "charge": "mah 1 ah 1e3",
    "frequency": "hz 1 khz 1e3 mhz 1e6 ghz 1e9",
    "heat": "btu 1",
    "light": "lm 1 lumen 1",
    "resolution": "mp 1 megapixel 1",
    "zoom": "x 1 fach 1",
    "angle": "degree 1 deg 1 ° 1",
    "temperature": "°c 1",
    "duration": "second 1 sec 1 minute 60 min 60 hour 3600 hr 3600 h 3600 stunde 3600 heure 3600",
}
_FAHRENHEIT = "°f"


def _by_name() -> dict[str, tuple[str, float]]:
    table = {}
    for dimension, listed in _UNITS.items():
        names = listed.split()
        for name, size in zip(names[::2], names[1::2], strict=True):
            table[name] = (dimension, float(size))
    return table


_BY_NAME = _by_name()
_NAMES = "|".join(sorted([*map(re.escape, _BY_NAME), _FAHRENHEIT], key=len, reverse=True))
_LONGEST = 24  # characters of a number; a longer one counts nothing
_NUMBER = r"(?<![\w.,])(-?(?:\d{1,3}(?:[,.]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?|\.\d+))(?:[ -](\d{1,3})/([1-9]\d{0,2}))?"
_QUANTITY = re.compile(_NUMBER + r"(?:(?:[ -]?(" + _NAMES + r")(?:s|en)?)(?![^\W_])|(?!\w))")
_RANGE = re.compile(r"(?<=\d)(?: ?(?:-|–|to|bis|by|and|or) ?)(?=\d)")
_TIMES = re.compile(r"(?<=\d) ?[x×] ?(?=\d)")
_FLUID = re.compile(r"\bfl(?:uid|\.)? ?(?:oz|ounce)s?\b\.?")
_IMPERIAL = re.compile(r"\b(?:imperial|imp\.?|uk) (?=(?:gal(?:lon)?|qt|quart|pint|floz)s?\b)")
_US = re.compile(r"\bu\.?s\.? (?=(?:gal(?:lon)?|qt|quart|pint|floz)s?\b)")
_SAME_NAME = ("gal", "qt", "quart", "pint", "floz")  # measures of another size in either system
_SHORT_UNIT = re.compile(r"_([a-z]+)\Z")

Quantity = tuple[str, float]


def read_number(digits: str) -> float | None:
    """A number with a decimal point or comma, or thousands grouped by either; None for a version or a serial number."""
    if len(digits) > _LONGEST:
        return None
    if re.fullmatch(r"-?[1-9]\d{0,2}([,.]\d{3})+(\.\d+)?", digits):
        head, dot, tail = digits.rpartition(".")
        if dot and len(tail) != 3:
            return float(f"{re.sub('[,.]', '', head)}.{tail}")
        return float(re.sub(r"[,.]", "", digits))
    return float(digits.replace(",", ".")) if len(re.findall("[,.]", digits)) < 2 else None


def quantities_of(text: str) -> tuple[Quantity, ...]:
    """The (dimension, value in its base unit) named in folded `text`; a number without unit has dimension ''."""
    readable = _FLUID.sub("floz", _TIMES.sub(" by ", text)).replace("−", "-")
    if any(unit in readable for unit in _SAME_NAME):
        readable = _US.sub("", _IMPERIAL.sub("imp", readable))
    return tuple(dict.fromkeys(_joined(list(_read(readable)))))


def _read(text: str) -> Iterator[tuple[str, float, float]]:
    waiting: list[float] = []
    for match in _QUANTITY.finditer(text):
        number, unit = read_number(match[1]), match[4]
        if number is None:
            continue
        value = number + (int(match[2]) / int(match[3]) if match[3] else 0.0)
        if unit is None and _RANGE.match(text, match.end()):
            waiting.append(value)
            continue
        for one in (*waiting, value):
            yield _in_base(one, unit)
        waiting = []
    for one in waiting:
        yield _in_base(one, None)


def _in_base(value: float, unit: str | None) -> tuple[str, float, float]:
    if unit is None:
        return "", value, 1.0
    if unit == _FAHRENHEIT:
        return "temperature", (value - 32) / 1.8, 1.0
    dimension, size = _BY_NAME[unit]
    return dimension, value * size, size


def _joined(found: list[tuple[str, float, float]]) -> Iterator[Quantity]:
    """Quantities with pounds and ounces, or feet and inches, that follow each other added up."""
    skip = False
    for this, following in zip(found, [*found[1:], ("", 0.0, 0.0)], strict=False):
        if skip:
            skip = False
            continue
        pair = (this[2], following[2])
        skip = pair in {(453.6, 28.35), (30.48, 2.54)} and this[0] == following[0]
        yield this[0], this[1] + (following[1] if skip else 0.0)


def attribute_quantities(name: str, text: str) -> tuple[Quantity, ...]:
    """The quantities of an attribute; a unit may end its name, as in `weight_g`."""
    found = quantities_of(text)
    unit = _SHORT_UNIT.search(name)
    if unit is None or unit[1] not in _BY_NAME:
        return found
    return tuple(_in_base(value, unit[1])[:2] if not dimension else (dimension, value) for dimension, value in found)


def is_near(left: float, right: float, tolerance: float = 0.025) -> bool:
    """Whether two values differ by rounding only."""
    return abs(left - right) <= tolerance * max(abs(left), abs(right))


def shared(left: Iterable[Quantity], right: Iterable[Quantity]) -> list[Quantity]:
    """The quantities of `left` that `right` names too, rounding aside; plain numbers must be equal."""
    theirs = list(right)
    return [one for one in left if any(_is_same(one, other) for other in theirs)]


def _is_same(one: Quantity, other: Quantity) -> bool:
    if one[0] != other[0]:
        return False
    return is_near(one[1], other[1]) if one[0] else one[1] == other[1]


def conflicts(left: Iterable[Quantity], right: Iterable[Quantity]) -> list[str]:
    """The dimensions in which each side names a value that the other has not."""
    ours, theirs = list(left), list(right)
    alone = {name for name, _ in set(ours).difference(shared(ours, theirs))}
    return sorted(alone & {name for name, _ in set(theirs).difference(shared(theirs, ours))})


def has_unit(name: str) -> bool:
    """Whether an attribute's name ends in a unit, as `weight_g` does."""
    unit = _SHORT_UNIT.search(name)
    return unit is not None and unit[1] in _BY_NAME
