"""The evidence on a pair of items, term by term, from what was prepared of each."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from search.duplicates.evidence.attributes import Agreement, compare_attributes
from search.duplicates.evidence.editions import compare_lists, edition_conflict, part_conflict
from search.duplicates.evidence.series import compare_wording
from search.duplicates.evidence.table import Evidence
from search.duplicates.reading.identifiers import are_siblings, best_likeness, is_spelled_in
from search.duplicates.reading.profile import Profile, Weights
from search.duplicates.reading.words import is_initial, is_variant
from search.quantities import conflicts, shared

# Texts that share less than this of their words, under titles that do too, are not searched for misspellings.
HOPEFUL = 0.3
NOTHING_KNOWN: Agreement = {}
KNOWN = 0.5  # of the rarity of a word that no other item has


def compare(
    left: Profile, right: Profile, cosine: float, agreement: Agreement = NOTHING_KNOWN, hidden: str | None = None
) -> Evidence:
    """The evidence on one pair; `cosine` is that of the items' vectors, `agreement` what the collection says of each
    attribute. A `hidden` attribute is not looked at."""
    shared, conflicts_found = _shared_words(left, right), _conflicts(left, right)
    facts = compare_attributes(left, right, agreement, hidden)
    copied, exchanged, substitution = compare_wording(left, right)
    code = _code(left, right)
    named = [conflicts_found[name] for name in ("colour_conflict", "kind_conflict", "quantity_conflict")]
    number_conflict = conflicts_found["title_number_conflict"]
    difference = [facts.conflict, number_conflict, *named, conflicts_found["sibling_codes"], shared.difference]
    return Evidence(
        meaning=max(min(cosine, 1.0), 0.0) * _known(min(left.words_mass, right.words_mass), left),
        **shared.terms,
        **conflicts_found,
        code=code,
        code_conflict=float(bool(left.title_codes and right.title_codes) and code < 0.5),
        quantities=_quantities(left, right),
        attributes=facts.agreement,
        attribute_conflict=facts.conflict,
        attribute_broken=facts.broken,
        price_gap=facts.gap,
        name_conflict=facts.names * copied**2,
        template=exchanged * copied**2,
        twin=max(shared.wording, shared.title_share) ** 2 * max(difference),
        substitution=substitution,
        variant=shared.title_share**2 * max(*named, float(number_conflict >= 1), substitution),
        same_text=float(left.fingerprint == right.fingerprint),
        same_identifier=float(bool(left.identifiers & right.identifiers)),
    )


@dataclass(frozen=True, slots=True)
class _SharedWords:
    """What the words of two items have in common, as shares in [0, 1]."""

    title_share: float
    wording: float  # of all words of both
    difference: float  # how much of either title the other has not, as a share of the rarest word's weight
    terms: dict[str, float]


def _shared_words(left: Profile, right: Profile) -> _SharedWords:
    title = _overlap(left.title, right.title)
    title_share = _share(title[0] + title[1], left.title_mass + right.title_mass)
    text = _overlap(left.words, right.words, min(left.words_mass, right.words_mass) * (title_share < HOPEFUL) * HOPEFUL)
    title_known, text_known = _known(min(title[:2]), left), _known(min(text[:2]), left)
    contained = (_share(text[0], left.words_mass), _share(text[1], right.words_mass))
    title_contained = (_share(title[0], left.title_mass), _share(title[1], right.title_mass))
    letters = Indel.normalized_similarity(left.squashed_title, right.squashed_title)
    return _SharedWords(
        title_share=title_share,
        wording=_share(text[0] + text[1], left.words_mass + right.words_mass),
        difference=min(min(left.title_mass - title[0], right.title_mass - title[1]) / left.ceiling, 1.0),
        terms={
            "title_words": title_share * title_known,
            "title_letters": letters * title_known,
            "title_contained": max(title_contained) * title_known,
            "words": min(contained) * text_known,
            "words_contained": max(contained) * text_known,
            "rarest_word": min(text[2] / left.ceiling, 1.0),
        },
    )


def _conflicts(left: Profile, right: Profile) -> dict[str, float]:
    """What tells two things of one kind apart, whatever their words share."""
    list_shared, list_conflict, list_continues = compare_lists(left.entries, right.entries)
    return {
        "quantity_conflict": _key_conflict(left, right),
        "title_number_conflict": _title_numbers(left, right),
        "colour_conflict": _colours(left, right),
        "kind_conflict": _kinds(left, right),
        "sibling_codes": _siblings(left, right),
        "part_conflict": part_conflict(left.parts, right.parts),
        "edition_conflict": edition_conflict(left.editions, right.editions),
        "list_shared": list_shared,
        "list_conflict": list_conflict,
        "list_continues": list_continues,
    }


def _known(mass: float, profile: Profile) -> float:
    """How far words of this weight tell an item from all others: they have to say as much as the rarest word does.

    Among n items, words that come together once in n by chance leave one stranger; to trust them takes twice that.
    """
    return 1 - math.exp(-mass / (KNOWN * profile.ceiling))


def _key_conflict(left: Profile, right: Profile) -> float:
    """Whether titles and attributes name different measures of one dimension."""
    return float(any(conflicts(left.key_quantities, right.key_quantities)))


def _siblings(left: Profile, right: Profile) -> float:
    if left.own_codes & right.own_codes:
        return 0.0
    return float(any(are_siblings(one, other) for one in left.own_codes for other in right.own_codes))


def _share(part: float, whole: float) -> float:
    return min(part / whole, 1.0) if whole else 0.0


def _overlap(left: Weights, right: Weights, least: float = 0.0) -> tuple[float, float, float]:
    """The weight of shared words on either side, misspellings and initials in part, and the rarest shared word.

    Misspellings, which take most of the time, are not looked for below a weight of `least` shared as it stands.
    """
    common = left.keys() & right.keys()
    shared_weights = [left[word] for word in common]
    mass = sum(shared_weights)
    ours, theirs = mass, mass
    if mass >= least and len(common) < len(left) and len(common) < len(right):
        rest = _by_initial(right, common)
        for word in left:
            if word not in common and (others := rest.get(word[0])) and (other := _partner(word, others)):
                ours += 0.8 * left[word]
                theirs += 0.8 * right[other]
                others.remove(other)
    return ours, theirs, max(shared_weights, default=0.0)


def _by_initial(words: Iterable[str], without: Container[str]) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for word in words:
        if word not in without and word.isalpha():
            table.setdefault(word[0], []).append(word)
    return table


def _partner(word: str, others: list[str]) -> str | None:
    """A word meant by `word`: one misspelt or joined otherwise, or the one that it is the initial of."""
    if not word.isalpha():
        return None
    length = len(word)
    if length == 1:
        return others[0] if is_initial(word) else None
    slack = length // 4  # letters that a word may be shorter or longer, at most, and still be a misspelling
    for other in others:
        difference = len(other) - length
        if is_initial(other) or (-slack <= difference <= slack and is_variant(word, other)):
            return other
    return None


def _code(left: Profile, right: Profile) -> float:
    """How well a code in the title or attributes of one item is found in the other item; 0 where there is none."""
    return max(_code_of(left, right), _code_of(right, left))


def _code_of(left: Profile, right: Profile) -> float:
    """The best of the left item's own codes; one that other items have as well, as h264, is more a word than a code."""
    found = 0.0
    for code in left.own_codes:
        likeness = max(best_likeness((code,), right.codes), is_spelled_in(code, right.squashed))
        found = max(found, likeness * left.rarities.get(code, 1.0) ** 2)
    return found


def _quantities(left: Profile, right: Profile) -> float:
    """How many quantities are shared, doubtful when few: half for a rare one, three quarters for three."""
    found: dict[float, float] = {}
    for quantity in shared(left.quantities, right.quantities):
        value = round(quantity[1], 3)
        found[value] = max(left.rarities.get(quantity, 1.0), found.get(value, 0.0))
    fewer = min(len(left.quantities), len(right.quantities))
    count = min(sum(found.values()), float(fewer))
    return count / (count + 1) * count / fewer if fewer else 0.0


def _title_numbers(left: Profile, right: Profile) -> float:
    """Whether both titles name numbers and one has a number or generation the other item lacks."""
    ours, theirs = left.title_quantities, right.title_quantities
    missing = float(left.generations != right.generations)
    if ours and theirs:
        alone = len(ours) - len(shared(ours, right.quantities)), len(theirs) - len(shared(theirs, left.quantities))
        missing += (alone[0] > 0) / 2 + (alone[1] > 0) / 2
    return min(missing, 1.0)


def _colours(left: Profile, right: Profile) -> float:
    """Whether attributes or titles name colours without one in common."""
    return float(bool(left.colours and right.colours) and not left.colours & right.colours)


def _kinds(left: Profile, right: Profile) -> float:
    if not left.kinds or not right.kinds or _are_numbers(left.kinds) != _are_numbers(right.kinds):
        return 0.0
    return float(not left.kinds & right.kinds)


def _are_numbers(kinds: frozenset[str]) -> bool:
    """Whether sizes are numbers: 42 and L may be one size."""
    return all(map(str.isdecimal, kinds))
