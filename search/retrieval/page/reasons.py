"""Why a hit was found, in a sentence for people who know nothing of legs and scores. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from catalog.pages.facts import label_of
from catalog.schemas import AttributeDefinition
from search.retrieval.types import Explanation

CLOSEST: Final = 10  # places by meaning
CLOSE: Final = 50


def reason_of(explanation: Explanation, schema: Mapping[str, AttributeDefinition]) -> str:
    """As in "Has 2 of your 3 words; among the closest in meaning; brand matches." """
    if explanation.identifier:
        return "Its identifier is, or begins with, what you typed."
    parts = [_words(explanation), _meaning(explanation), _attributes(explanation.matched_attributes, schema)]
    said = "; ".join(part for part in parts if part)
    return f"{said[0].upper()}{said[1:]}." if said else "It is among the nearest there are."


def _words(explanation: Explanation) -> str:
    asked, has = explanation.asked_words, len(explanation.matched_words)
    if not asked:
        return ""
    if not has:
        return "has none of your words" if asked > 1 else "does not have your word"
    if asked == 1:
        return "has your word"
    return f"has all of your {asked} words" if has >= asked else f"has {has} of your {asked} words"


def _meaning(explanation: Explanation) -> str:
    rank = next((leg.rank for leg in explanation.legs if leg.leg == "semantic"), None)
    if rank is None or rank > CLOSE:
        return ""
    return "among the closest in meaning" if rank <= CLOSEST else "close in meaning"


def _attributes(names: Sequence[str], schema: Mapping[str, AttributeDefinition]) -> str:
    labels = [label_of(name, schema).lower() for name in names]
    if not labels:
        return ""
    return f"{' and '.join(labels)} {'matches' if len(labels) == 1 else 'match'}"
