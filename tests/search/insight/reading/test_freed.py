"""Vectors without what the values of an attribute added to them."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.models import Collection
from search.embedding.encoders.registry import encoder_of
from search.embedding.spaces.lifecycle import active_space
from search.embedding.text import embedded_text
from search.insight.reading import freed
from search.insight.reading.freed import without_attribute
from search.insight.reading.vectors import Survey, survey
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db

WORDS = ("tent", "porch", "pegs", "poles", "ground", "pan", "frying", "steak", "iron", "handle", "lamp", "candle")


def filled(**definition: object) -> Collection:
    collection = make_collection(attribute_schema={"kind": {"type": "term", **definition}})
    rng = np.random.default_rng(3)
    entries = [
        {"title": " ".join(rng.choice(WORDS, 4)), "body": "", "attributes": {"kind": ["alpha", "omega"][n % 2]}}
        for n in range(30)
    ]
    add_items(collection, *entries, {"title": "tent without a kind"})
    make_searchable(collection)
    return collection


def surveyed(collection: Collection) -> tuple[Survey, Survey]:
    found = survey(collection, active_space(), attribute="kind")
    return found, without_attribute(found, collection, active_space(), "kind")


def of_texts_alone(collection: Collection) -> np.ndarray:
    items = collection.items.order_by("id")
    vectors: np.ndarray = encoder_of(active_space()).encode_documents([embedded_text(i.title, i.body) for i in items])
    return vectors


def cosines(found: Survey, collection: Collection) -> np.ndarray:
    cosines: np.ndarray = np.einsum("nd,nd->n", found.vectors, of_texts_alone(collection))
    return cosines


def test_of_few_items_each_is_as_its_text_alone() -> None:
    collection = filled()
    found, without = surveyed(collection)
    assert cosines(found, collection)[:-1].max() < 0.97
    assert cosines(without, collection).min() > 0.999
    assert without.values == found.values


def test_of_many_items_most_lose_what_the_value_added_to_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freed, "ENCODED", 8)
    collection = filled()
    found, without = surveyed(collection)
    with_value = slice(0, 30)
    before, after = cosines(found, collection)[with_value], cosines(without, collection)[with_value]
    assert (after > 0.999).sum() == 8
    assert np.median(1 - after) < 0.5 * np.median(1 - before)
    assert cosines(without, collection)[-1] > 0.999


@pytest.mark.parametrize("definition", [{"searched": "no"}, {"searched": "low"}, {"identifier": True}])
def test_what_is_not_embedded_is_left_as_it_is(definition: dict[str, object]) -> None:
    found, without = surveyed(filled(**definition))
    assert without is found
