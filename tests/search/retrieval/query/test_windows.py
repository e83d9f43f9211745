"""Queries longer than the model reads at once."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.models import Collection
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space
from search.retrieval.query.parsing import parse_query
from search.retrieval.query.unknown_words import read_query
from search.retrieval.query.windows import vector_of, window_weight
from search.retrieval.types import MAX_QUERY_LENGTH, MODES, Mode
from tests.factories import find, ids, shop_of

pytestmark = pytest.mark.django_db

FILLER = "lorem ipsum dolor sit amet consectetur. " * 90


@pytest.fixture
def shop() -> Collection:
    items = [{"external_id": f"i{n}", "title": f"Thing {n}", "body": f"It says nothing of {n}."} for n in range(9)]
    return shop_of({"external_id": "kayak", "title": "Kayak", "body": "A kayak with a rudder and paddles."}, *items)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", ["start", "middle", "end"])
def test_all_of_a_long_text_is_read(shop: Collection, mode: Mode, where: str) -> None:
    wanted = "A kayak with rudder and paddles. "
    text = {"start": wanted + 2 * FILLER, "middle": FILLER + wanted + FILLER, "end": 2 * FILLER + wanted}[where]
    assert 3_000 < len(text) <= MAX_QUERY_LENGTH
    assert ids(find(shop, text, mode=mode))[0] == "kayak"


def test_the_vector_of_a_long_text_is_a_unit_vector_near_to_its_weightiest_window(shop: Collection) -> None:
    space = active_space()
    text = f"{FILLER} Kayak kayak rudder paddles. {FILLER}"
    vector = vector_of(space, "english", read_query(shop, text, parse_query(text)), query_vector)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    plain = vector_of(space, "english", read_query(shop, FILLER, parse_query(FILLER)), query_vector)
    wanted = vector_of(space, "english", read_query(shop, "kayak rudder", parse_query("kayak rudder")), query_vector)
    assert vector @ wanted > plain @ wanted


def test_a_window_weighs_what_its_distinct_words_weigh() -> None:
    idf = {"kayak": 3.0, "paddl": 2.0, "thing": 0.5}
    assert window_weight("Kayaks, kayak: paddles", idf, "english") == 5.0
    assert window_weight("nothing", idf, "english") == 0.0
