"""The terms of evidence that two items are the same thing: one table, from which all that uses them is read.

A term is a number in [0, 1]. Its weight is in log-odds: what it adds, or takes off, where it is 1. The weights are a
prior: set by hand, and held close to a fit on sets of several kinds; each collection corrects them by its own pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

Kind = Literal["meaning", "title", "text", "code", "measure", "attribute", "difference", "series", "exact"]


@dataclass(frozen=True, slots=True)
class TermOfEvidence:
    """A line of the table. `kind` names what it is read from: no kind alone makes two items one."""

    name: str
    label: str
    weight: float
    kind: Kind
    explanation: str


# fmt: off
TERMS = (
    TermOfEvidence("meaning", "Similarity of meaning", 1.5, "meaning", "Cosine of the items' vectors."),
    TermOfEvidence("title_words", "Words shared by the titles", 1.6, "title", "Share of both titles, rare words more."),
    TermOfEvidence("title_letters", "Letters of the titles alike", 1.3, "title", "Letters in the same order."),
    TermOfEvidence("title_contained", "One title says what the other says", 1.1, "title", "Share of either title."),
    TermOfEvidence("words", "Words shared by the texts", 2.9, "text", "Share of the text that shares less."),
    TermOfEvidence("words_contained", "One text says what the other says", 1.8, "text", "Share of either text."),
    TermOfEvidence("rarest_word", "Rarest word they share", 1.3, "text", "1 where no other item has it."),
    TermOfEvidence("code", "Same model number", 4.9, "code", "A code of one title that the other item has."),
    TermOfEvidence("code_conflict", "Different model numbers",
                   -1.9, "difference", "Both titles have codes, none alike."),
    TermOfEvidence("quantities", "Same measures and numbers", 5.6, "measure", "Doubtful when few, or common."),
    TermOfEvidence("quantity_conflict", "Different measures", -2.95, "difference", "Of one dimension, in key places."),
    TermOfEvidence("title_number_conflict", "Different numbers in the titles", -1.7, "difference", "On either side."),
    TermOfEvidence("colour_conflict", "Different colours", -6.7, "difference", "Colours named, none in common."),
    TermOfEvidence("kind_conflict", "Different sizes or kinds", -1.95, "difference", "Sizes, sexes, cuts."),
    TermOfEvidence("attributes", "Attributes that agree", 6.0, "attribute", "Share, as far as the values are rare."),
    TermOfEvidence("attribute_conflict", "Attributes that differ", -2.3, "difference", "Share of those both have."),
    TermOfEvidence("attribute_broken", "What the same things share differs",
                   -5.5, "difference", "As in this collection."),
    TermOfEvidence("price_gap", "Different price or amount", -4.0, "difference", "Share of the larger amount."),
    TermOfEvidence("sibling_codes", "Model numbers of one series", -1.8, "difference", "One scheme, other digits."),
    TermOfEvidence("name_conflict", "Names of one scheme that differ", -14.0, "series", "As gcc-12 and gcc-13."),
    TermOfEvidence("twin", "Texts alike but for a difference that counts", -3.0, "series", "Alike, and different."),
    TermOfEvidence("template", "One text with other words in the title", -3.6, "series", "Words were exchanged."),
    TermOfEvidence("substitution", "Titles the same but for one word", -3.3, "series", "Just one word exchanged."),
    TermOfEvidence("variant", "Titles alike but for what tells variants apart",
                   -2.5, "series", "Colour, size, measure."),
    TermOfEvidence("part_conflict", "Different parts of one work",
                   -5.0, "difference", "Volume, disc, season, version."),
    TermOfEvidence("edition_conflict", "Different editions", -3.0, "difference", "Live, remix, best of, deluxe."),
    TermOfEvidence("list_shared", "Entries shared by the lists", 3.0, "text", "Share of the shorter list."),
    TermOfEvidence("list_conflict", "Lists of other entries",
                   -3.0, "difference", "Share of the shorter that is not in both."),
    TermOfEvidence("list_continues", "One list goes on where the other ends",
                   -6.0, "difference", "Same scheme, other numbers."),
    TermOfEvidence("same_text", "Exactly the same text",
                   1.5, "exact", "Letter by letter."),
    TermOfEvidence("same_identifier", "Same identifier", 6.0, "exact", "Of the attributes declared as identifiers."),
)
# fmt: on
INTERCEPT = -6.2  # log-odds of a candidate pair of which nothing speaks for or against being the same


@dataclass(frozen=True, slots=True)
class Evidence:
    """The value of each term for one pair, in the order of the table."""

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
    attribute_broken: float
    price_gap: float
    sibling_codes: float
    name_conflict: float
    twin: float
    template: float
    substitution: float
    variant: float
    part_conflict: float
    edition_conflict: float
    list_shared: float
    list_conflict: float
    list_continues: float
    same_text: float
    same_identifier: float


NAMES = tuple(term.name for term in TERMS)
BY_NAME = {term.name: term for term in TERMS}
values_of: Callable[[Evidence], tuple[float, ...]] = attrgetter(*NAMES)  # in the order of NAMES


# What one kind of evidence may add at most, in log-odds: less than the intercept takes, so that another has to join.
MOST_OF_A_KIND = 5.0
_KINDS = dict.fromkeys(term.kind for term in TERMS)
OF_KINDS = tuple(tuple(at for at, term in enumerate(TERMS) if term.kind == kind) for kind in _KINDS)

# What tells the variants of one thing apart, and of it what has to be there for a pair to be variants.
OF_VARIANTS = (
    "colour_conflict", "kind_conflict", "quantity_conflict", "title_number_conflict", "sibling_codes", "variant",
    "part_conflict", "edition_conflict", "list_continues",
)  # fmt: skip
# Two sources word one thing in two ways: an exchanged word tells a series apart within a source, hardly across two.
ACROSS_PRIOR = 0.8  # log-odds: where two sources are compared, things are mostly there to be matched
OF_WORDING, ACROSS = ("twin", "template", "substitution"), 0.25
HARD = ("colour_conflict", "kind_conflict", "quantity_conflict", "part_conflict", "edition_conflict", "list_continues")


def told_apart(evidence: Evidence) -> float:
    """How far the items' own texts say that they are two in a series: other pairs cannot say more about that."""
    series = evidence.template, evidence.name_conflict, evidence.substitution, evidence.variant
    return max(*series, evidence.part_conflict, evidence.list_continues)


def set_apart(evidence: Evidence) -> float:
    """How far a fact tells two items of two sources apart: to be the nearest of both is no sign then."""
    facts = evidence.attribute_broken, evidence.name_conflict, evidence.colour_conflict, evidence.kind_conflict
    return max(*facts, evidence.part_conflict, evidence.edition_conflict, evidence.list_continues)


def is_of_variants(evidence: Evidence) -> bool:
    """Whether something that tells variants apart is there at all."""
    return any(getattr(evidence, name) >= 0.5 for name in HARD)
