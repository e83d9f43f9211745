"""Passages as context for a language model."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Item
from search.embedding.encoders.registry import FakeEncoder
from search.errors import EncoderUnavailable
from search.retrieval.passages import find_passages
from tests.factories import make_collection, shop_of

pytestmark = pytest.mark.django_db

FILLER = "Plain words about nothing in particular, one after another. " * 30


def test_the_passages_about_the_query_come_first_with_their_spans() -> None:
    shop = shop_of(
        {"title": "Story", "body": f"{FILLER}The lighthouse keeper drinks tea. {FILLER}"},
        {"title": "Lighthouse", "body": "A tower with a light."},
        {"title": "Hidden lighthouse keeper", "status": "draft"},
    )
    found = find_passages(collection=shop, query_text="lighthouse keeper drinks tea", limit=3)
    assert len(found) == 3 and any("keeper drinks tea" in passage.text for passage in found)
    for passage in found:
        item = Item.objects.get(external_id=passage.external_id)
        assert f"{item.title}\n{item.body}"[passage.start : passage.end] == passage.text
    assert [passage.score for passage in found] == sorted((p.score for p in found), reverse=True)
    assert "Hidden lighthouse keeper" not in {passage.title for passage in found}


def test_a_short_item_is_one_passage_and_a_long_one_only_its_parts() -> None:
    shop = shop_of({"title": "Tea", "body": "A drink."}, {"title": "Story", "body": f"{FILLER} Tea. {FILLER}"})
    spans = {(p.external_id, p.start, p.end) for p in find_passages(collection=shop, query_text="tea", limit=50)}
    assert ("i0", 0, len("Tea\nA drink.")) in spans
    whole = Item.objects.get(external_id="i1")
    assert ("i1", 0, len(f"{whole.title}\n{whole.body}")) not in spans


def test_excluded_words_are_in_no_passage() -> None:
    shop = shop_of({"title": "Green tea"}, {"title": "Black tea"})
    assert [p.title for p in find_passages(collection=shop, query_text="tea -black", limit=5)] == ["Green tea"]


def test_a_misspelt_query_is_compared_as_it_was_meant() -> None:
    shop = shop_of({"title": "Enamel mug", "body": "Holds coffee."}, {"title": "Head torch"}, {"title": "Tunnel tent"})
    meant, typed = (find_passages(collection=shop, query_text=text, limit=1) for text in ("enamel mug", "enmael mug"))
    assert typed == meant


def test_nothing_found_is_an_empty_list() -> None:
    assert find_passages(collection=make_collection(), query_text="tea", limit=5) == []


def test_without_the_encoder_there_are_no_passages(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = shop_of({"title": "Green tea"})

    def refuse(*args: Any) -> None:
        raise EncoderUnavailable("The model is gone.")

    monkeypatch.setattr(FakeEncoder, "encode_query", refuse)
    with pytest.raises(EncoderUnavailable):
        find_passages(collection=shop, query_text="tea", limit=5)
