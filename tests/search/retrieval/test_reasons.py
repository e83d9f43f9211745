"""Why a hit was found, in words for people."""

from __future__ import annotations

import pytest

from catalog.schemas import AttributeDefinition
from search.retrieval.page.reasons import reason_of
from search.retrieval.types import Explanation, LegExplanation
from tests.factories import find, shop_of

SCHEMA = {"brand": AttributeDefinition(), "colours": AttributeDefinition(label="Colour")}


def explained(
    matched: tuple[str, ...] = (), asked: int = 0, rank: int | None = None, attributes: tuple[str, ...] = ()
) -> Explanation:
    legs = (LegExplanation("semantic", rank, 0.5, 1.0),)
    return Explanation(legs, matched, None, None, (), asked_words=asked, matched_attributes=attributes)


@pytest.mark.parametrize(
    ("explanation", "reason"),
    [
        (
            explained(("red", "tent"), 3, 2, ("brand",)),
            "Has 2 of your 3 words; among the closest in meaning; brand matches.",
        ),
        (
            explained(("a", "b"), 2, 30, ("brand", "colours")),
            "Has all of your 2 words; close in meaning; brand and colour match.",
        ),
        (explained(("a",), 1, None), "Has your word."),
        (explained((), 4, 1), "Has none of your words; among the closest in meaning."),
        (explained((), 0, None), "It is among the nearest there are."),
    ],
)
def test_words_meaning_and_attributes_are_named(explanation: Explanation, reason: str) -> None:
    assert reason_of(explanation, SCHEMA) == reason


@pytest.mark.django_db
def test_an_attribute_matches_where_the_query_has_all_of_a_value() -> None:
    shop = shop_of(
        {"title": "tent", "attributes": {"brand": "Norrdal", "colours": ["moss green", "sand"], "price": 3}},
        {"title": "lamp"},
    )
    hit = find(shop, "green tents by Norrdal", explain=True).hits[0]
    assert hit.explanation is not None and hit.explanation.matched_attributes == ("brand",)
    assert hit.explanation.asked_words == 3
