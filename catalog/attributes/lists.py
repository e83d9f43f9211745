"""Which columns hold several values in one text, and what separates them."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Final, Literal

from catalog.attributes.profile import Profile
from catalog.attributes.splitting import split_text

Separator = Literal["|", ";", ","]

SEPARATORS: Final[tuple[Separator, ...]] = ("|", ";", ",")
LEAST_LISTS: Final = 0.2  # share of rows with more than one value
MAX_WORDS: Final = {"|": 6.0, ";": 5.0, ",": 3.0}  # on average in one value
MAX_LENGTH: Final = 40  # characters on average in one value
LEAST_REPEATED: Final = 0.5  # share of values that occur again, for a list with commas


def separator_of(profile: Profile) -> Separator | None:
    """What separates the values of a list, or None where the texts are no lists."""
    return next((separator for separator in SEPARATORS if _separates(separator, profile)), None)


def elements_of(profile: Profile, separator: Separator) -> Counter[str]:
    """How many rows have each value."""
    counts: Counter[str] = Counter()
    for text, count in profile.texts.items():
        for part in set(split_text(text, separator)):
            counts[part] += count
    return counts


def _separates(separator: Separator, profile: Profile) -> bool:
    if profile.share(lambda text: len(split_text(text, separator)) > 1) < LEAST_LISTS:
        return False
    elements = elements_of(profile, separator)
    total = elements.total() or 1
    words = sum(len(part.split()) * count for part, count in elements.items()) / total
    length = sum(len(part) * count for part, count in elements.items()) / total
    if words > MAX_WORDS[separator] or length > MAX_LENGTH:
        return False
    return separator != "," or (_repeats(elements) and _is_free(profile))


def _repeats(elements: Counter[str]) -> bool:
    shared = sum(count for count in elements.values() if count > 1)
    return shared / (elements.total() or 1) >= LEAST_REPEATED


def _is_free(profile: Profile) -> bool:
    """Names as `Le Guin, Ursula` and places as `Bern, Switzerland` have a fixed order and size; lists do not."""
    sizes = {len(split_text(text, ",")) for text in profile.texts}
    places: defaultdict[str, set[int]] = defaultdict(set)
    for text in profile.texts:
        for place, part in enumerate(split_text(text, ",")):
            places[part].add(place)
    return len(sizes) > 1 and any(len(found) > 1 for found in places.values())
