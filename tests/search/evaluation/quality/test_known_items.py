"""Queries cut from items, and how they lead back to them."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from search.evaluation.quality.known_items import KINDS, KnownItem, queries_of, words_of
from tests.factories import shop_of

BODY = (
    "The lantern burns paraffin for eleven hours and stands on three folding legs. Its globe lifts without a tool.\n\n"
    "Spare wicks, a funnel and a strap come along with every lantern that leaves our small workshop by the harbour, "
    "wrapped in paper and tied with string, together with a card on which the maker wrote the day and a greeting."
)
LANTERN = KnownItem("L-77", "Storm lantern of galvanised steel", BODY, "L-77", ("zebra", "quartz"))


def test_every_kind_is_cut_from_a_long_text_and_the_same_each_time() -> None:
    queries = queries_of(LANTERN)
    assert tuple(queries) == KINDS
    assert queries_of(LANTERN) == queries


def test_words_and_sentences_are_the_items_own() -> None:
    queries = queries_of(LANTERN)
    assert queries["words"] in LANTERN.title and 2 <= len(queries["words"].split()) <= 4
    assert queries["sentence"] in " ".join(words_of(BODY))
    assert queries["identifier"] == "L-77"


@pytest.mark.parametrize("number", range(40))
def test_misspelt_and_altered_queries_are_never_the_text_itself(number: int) -> None:
    queries = queries_of(KnownItem(str(number), LANTERN.title, BODY, str(number), LANTERN.others))
    typed, right = queries["misspelt"].split(), queries["words"].split()
    assert sum(a != b for a, b in zip(typed, right, strict=True)) == 1
    assert queries["altered sentence"] != queries["sentence"]


def test_a_text_that_is_too_short_for_a_kind_has_none_of_it() -> None:
    assert queries_of(KnownItem("a", "tent", "", "", ())) == {}
    assert set(queries_of(KnownItem("a", "red tent", "Light.", "a", ("x",)))) == {"words", "identifier"}


@pytest.mark.django_db
def test_the_command_tells_how_each_mode_finds_the_items_again() -> None:
    shop_of(
        {"external_id": "lantern", "title": LANTERN.title, "body": BODY},
        {"external_id": "stove", "title": "gas stove", "body": "boils water"},
    )
    out = StringIO()
    call_command("evaluate_known_items", collection="shop", json=True, stdout=out)
    kinds = json.loads(out.getvalue())["kinds"]
    assert kinds["identifier"]["queries"] == 2 and kinds["paragraph"]["queries"] == 1
    assert kinds["identifier"]["mrr_at_10"]["hybrid"] == kinds["sentence"]["recall_at_10"]["lexical"] == 1.0
    assert set(kinds["words"]["p_value"]) == {"semantic", "lexical"}


@pytest.mark.django_db
def test_an_item_that_nothing_leads_back_to_counts_as_lost() -> None:
    shop_of(*({"external_id": f"twin{n}", "title": "blue enamel mug", "body": ""} for n in range(30)))
    out = StringIO()
    call_command("evaluate_known_items", collection="shop", json=True, stdout=out)
    assert json.loads(out.getvalue())["kinds"]["words"]["recall_at_10"]["lexical"] == pytest.approx(10 / 30, abs=0.01)


@pytest.mark.django_db
def test_no_collection_no_items_or_no_number_is_told_in_a_line() -> None:
    with pytest.raises(CommandError, match="nowhere"):
        call_command("evaluate_known_items", collection="nowhere")
    shop_of()
    with pytest.raises(CommandError, match="no visible items"):
        call_command("evaluate_known_items", collection="shop")
    with pytest.raises(CommandError, match="at least 1"):
        call_command("evaluate_known_items", collection="shop", items=0)
