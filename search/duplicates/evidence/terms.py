"""The terms of evidence that two items are the same thing, each a small number that can be shown to a curator."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass

from rapidfuzz.distance import Indel

from search.duplicates.evidence.attributes import compare_attributes
from search.duplicates.evidence.series import compare_wording
from search.duplicates.reading.identifiers import are_siblings, best_likeness, is_spelled_in
from search.duplicates.reading.profile import Profile, Weights
from search.duplicates.reading.quantities import conflicts, shared
from search.duplicates.reading.words import is_variant

# Texts that share less than this of their words, under titles that do too, are not searched for misspellings.
HOPEFUL = 0.3


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for (in [0, 1]) and against (conflicts, from 0) two items being the same."""

    meaning: float
    title_words: float
    title_letters: float
    title_contained: float
    words: float
    words_contained: float
    rarest_word: float
    code: float
    code_conflict: float
    quantities: float
    quantity_conflict: float
    title_number_conflict: float
    colour_conflict: float
    kind_conflict: float
    attributes: float
    attribute_conflict: float
    price_gap: float
    sibling_codes: float
    name_conflict: float
    twin: float
    template: float
    substitution: float
    variant: float
    same_text: float
    same_identifier: float


def told_apart(evidence: Evidence) -> float:
    """How far the items' own texts say that they are two in a series: other pairs cannot say more about that."""
    return max(evidence.template, evidence.name_conflict, evidence.substitution, evidence.variant)


def compare(left: Profile, right: Profile, cosine: float) -> Evidence:
    """The evidence on one pair; `cosine` is that of the items' vectors."""
    title = _overlap(left.title, right.title)
    title_share = _share(title[0] + title[1], left.title_mass + right.title_mass)
    text = _overlap(left.words, right.words, min(left.words_mass, right.words_mass) * (title_share < HOPEFUL) * HOPEFUL)
    code = _code(left, right)
    agreement, conflict, gap, name_conflict = compare_attributes(left, right)
    contained = (_share(text[0], left.words_mass), _share(text[1], right.words_mass))
    title_contained = (_share(title[0], left.title_mass), _share(title[1], right.title_mass))
    wording = _share(text[0] + text[1], left.words_mass + right.words_mass)
    number_conflict = _title_numbers(left, right)
    quantity_conflict = _key_conflict(left, right)
    colour_conflict, kind_conflict = _colours(left, right), _kinds(left, right)
    siblings = _siblings(left, right)
    copied, exchanged, substitution = compare_wording(left, right)
    difference = min(min(left.title_mass - title[0], right.title_mass - title[1]) / left.ceiling, 1.0)
    hard_conflict = max(colour_conflict, kind_conflict, quantity_conflict, float(number_conflict >= 1), substitution)
    difference_found = max(
        conflict, number_conflict, quantity_conflict, colour_conflict, kind_conflict, siblings, difference
    )
    return Evidence(
        meaning=max(cosine, 0.0),
        title_words=title_share,
        title_letters=Indel.normalized_similarity(left.squashed_title, right.squashed_title),
        title_contained=max(title_contained),
        words=min(contained),
        words_contained=max(contained),
        rarest_word=text[2] / left.ceiling,
        code=code,
        code_conflict=float(bool(left.title_codes and right.title_codes) and code < 0.5),
        quantities=_quantities(left, right),
        quantity_conflict=quantity_conflict,
        title_number_conflict=number_conflict,
        colour_conflict=colour_conflict,
        kind_conflict=kind_conflict,
        attributes=agreement,
        attribute_conflict=conflict,
        price_gap=gap,
        sibling_codes=siblings,
        name_conflict=name_conflict * copied**2,
        template=exchanged * copied**2,
        twin=max(wording, title_share) ** 2 * difference_found,
        substitution=substitution,
        variant=title_share**2 * hard_conflict,
        same_text=float(left.fingerprint == right.fingerprint),
        same_identifier=float(bool(left.identifiers & right.identifiers)),
    )


def _key_conflict(left: Profile, right: Profile) -> float:
    """Whether titles and attributes name different measures of one dimension."""
    return float(any(conflicts(left.key_quantities, right.key_quantities)))


def _siblings(left: Profile, right: Profile) -> float:
    ours, theirs = _all_codes(left), _all_codes(right)
    if ours & theirs:
        return 0.0
    return float(any(are_siblings(one, other) for one in ours for other in theirs))


def _all_codes(profile: Profile) -> set[str]:
    return {*profile.title_codes, *(fact.code for fact in profile.attributes.values() if fact.code)}


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
        return others[0]
    slack = length // 4  # letters that a word may be shorter or longer, at most, and still be a misspelling
    for other in others:
        difference = len(other) - length
        if len(other) == 1 or (-slack <= difference <= slack and is_variant(word, other)):
            return other
    return None


def _code(left: Profile, right: Profile) -> float:
    """How well a code in one title is found in the other item; 0 where there is none."""
    return max(_code_of(left, right), _code_of(right, left))


def _code_of(left: Profile, right: Profile) -> float:
    """The best of the left title's codes; one that other items have as well, as h264, is more a word than a code."""
    found = 0.0
    for code in left.title_codes:
        likeness = max(best_likeness((code,), right.codes), is_spelled_in(code, right.squashed))
        found = max(found, likeness * left.rarities.get(code, 1.0) ** 2)
    return found


def _quantities(left: Profile, right: Profile) -> float:
    """How many quantities are shared, doubtful when few: half for a rare one, three quarters for three."""
    found: dict[float, float] = {}
    for quantity in shared(left.quantities, right.quantities):
        value = round(quantity[1], 3)
        found[value] = max(left.rarities.get(quantity, 1.0), found.get(value, 0.0))
    count = sum(found.values())
    fewer = min(len(left.quantities), len(right.quantities))
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
    if not left.kinds or not right.kinds:
        return 0.0
    return float(not left.kinds & right.kinds)
