"""Suggested values and misfiled items: what is found, what is remembered, and who may see it."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import orjson
import pytest
from django.core.management import call_command
from django.test import Client

from catalog.access import STRANGER, Actor
from catalog.errors import CatalogError, Conflict
from catalog.models import Collection, Item
from catalog.models.run import RunKind, RunState
from search.embedding.queue import pipeline
from search.evaluation.quality.tag_quality import calibration_error
from search.insight import tasks
from search.insight.misfiled.finding import find_misfiled, find_outliers
from search.insight.misfiled.judging import far_out, judge
from search.insight.reading.neighbours import nearest
from search.insight.review.decisions import decide
from search.insight.review.thresholds import threshold_of
from search.insight.runs import ask_for
from search.insight.tags.learning import suggest_missing
from search.insight.tags.suggesting import suggest
from search.models import Suggestion, ValueModel
from search.models.insight import SuggestionKind
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db

CURATOR = Actor(rank=3, name="Ada")
WORDS = {
    "tents": "tent porch pegs poles groundsheet campsite",
    "pans": "pan frying steak iron handle sauces",
    "lamps": "lamp candle lantern wick light evening",
}
SCHEMA = {"kind": {"type": "term", "facet": True, "values": {"tents": "tent campsite pegs"}}}


def thing(kind: str, number: int, filed: str | None = None) -> dict[str, object]:
    words = WORDS[kind].split()
    attributes = {} if filed == "" else {"kind": filed or kind}
    return {"title": f"{words[0]} {number}", "body": " ".join(words[number % 3 :] + words), "attributes": attributes}


@pytest.fixture
def shop() -> Collection:
    collection = make_collection(attribute_schema=SCHEMA)
    add_items(collection, *(thing(kind, n) for kind in WORDS for n in range(20)))
    make_searchable(collection)
    return collection


def test_items_without_a_value_get_one_suggested(shop: Collection) -> None:
    (bare,) = add_items(shop, thing("pans", 4, filed=""))
    pipeline.drain()
    assert suggest_missing(shop, "kind") == 1
    suggestion = Suggestion.objects.get()
    assert (suggestion.item, suggestion.kind, suggestion.proposed) == (bare, SuggestionKind.TAG, "pans")
    assert suggestion.score >= 0.5 and len(suggestion.neighbours) == 3


def test_an_accepted_value_is_set_and_a_refused_one_never_comes_back(shop: Collection) -> None:
    first, second = add_items(shop, thing("pans", 4, filed=""), thing("lamps", 4, filed=""))
    pipeline.drain()
    suggest_missing(shop, "kind")
    decide(suggestion=Suggestion.objects.get(item=first), decision="accepted", actor=CURATOR)
    decide(suggestion=Suggestion.objects.get(item=second), decision="refused", actor=CURATOR)
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.attributes == {"kind": "pans"} and second.attributes == {}
    assert suggest_missing(shop, "kind") == 0
    assert {one.decided_by_name for one in Suggestion.objects.all()} == {"Ada"}
    with pytest.raises(Conflict):
        decide(suggestion=Suggestion.objects.get(item=first), decision="refused", actor=CURATOR)


def test_strangers_decide_nothing(shop: Collection) -> None:
    add_items(shop, thing("pans", 4, filed=""))
    pipeline.drain()
    suggest_missing(shop, "kind")
    with pytest.raises(CatalogError):
        decide(suggestion=Suggestion.objects.get(), decision="accepted", actor=STRANGER)


def test_a_text_that_is_being_written_gets_values(shop: Collection) -> None:
    assert suggest(shop, title="tent", body="") == []
    suggest_missing(shop, "kind")
    found = suggest(shop, title="A tent with a porch", body="pegs, poles, for the campsite")
    assert (found[0].attribute, found[0].value, found[0].is_sure) == ("kind", "tents", True)


def test_the_api_suggests_and_keeps_private_collections_to_itself(shop: Collection, client: Client) -> None:
    suggest_missing(shop, "kind")
    body = orjson.dumps({"title": "frying pan for steak"}).decode()
    path = "/api/v1/collections/shop/suggest"
    answer = client.post(path, body, content_type="application/json")
    assert answer.status_code == 200
    assert answer.json()["suggestions"]["kind"][0]["value"] == "pans"
    assert client.post(path, "{}", content_type="application/json").status_code == 422
    assert client.post(path, '{"titel": "x"}', content_type="application/json").status_code == 422
    Collection.objects.update(visibility="private")
    assert client.post(path, body, content_type="application/json").status_code == 404


def test_hidden_items_teach_nothing(shop: Collection) -> None:
    Item.objects.filter(attributes__kind="lamps").update(status="draft")
    suggest_missing(shop, "kind")
    assert "lamps" not in ValueModel.objects.get().values


def test_what_is_filed_wrongly_is_found_with_the_better_value_and_evidence(shop: Collection) -> None:
    (wrong,) = add_items(shop, thing("tents", 7, filed="pans"))
    pipeline.drain()
    find_misfiled(shop, "kind")
    suggestion = Suggestion.objects.get(item=wrong)
    assert (suggestion.present, suggestion.proposed, len(suggestion.neighbours)) == ("pans", "tents", 3)
    decide(suggestion=suggestion, decision="accepted", actor=CURATOR)
    wrong.refresh_from_db()
    assert wrong.attributes["kind"] == "tents"


def test_a_value_of_four_items_is_never_judged(shop: Collection) -> None:
    add_items(shop, *(thing("tents", n, filed="rare") for n in range(4)))
    pipeline.drain()
    find_misfiled(shop, "kind")
    assert not Suggestion.objects.filter(present="rare").exists()
    assert not Suggestion.objects.filter(proposed="rare").exists()


def test_an_item_unlike_all_others_is_an_outlier(shop: Collection) -> None:
    (odd,) = add_items(shop, {"title": "quarterly tax statement", "body": "ledger audit fiscal revenue invoice"})
    pipeline.drain()
    find_outliers(shop)
    assert Suggestion.objects.filter(kind=SuggestionKind.OUTLIER, item=odd).exists()


def test_refusals_raise_the_threshold(shop: Collection) -> None:
    items = list(shop.items.order_by("id")[:20])
    for n, item in enumerate(items):
        Suggestion.objects.create(
            collection=shop,
            item=item,
            kind=SuggestionKind.TAG,
            attribute="kind",
            proposed="tents",
            score=0.5 + n / 50,
            state="accepted" if n >= 12 else "refused",
        )
    threshold = threshold_of(shop, SuggestionKind.TAG, "kind", 0.5)
    assert 0.6 < threshold < 0.75
    assert threshold_of(shop, SuggestionKind.MISFILED, "kind", 0.5) == 0.5


def test_runs_do_both_and_say_what_they_found(shop: Collection) -> None:
    runs = [ask_for(RunKind.TAGS, shop), ask_for(RunKind.MISFILED, shop)]
    tasks.do_waiting()
    for run in runs:
        run.refresh_from_db()
        assert run.state == RunState.FINISHED, run.detail
    assert runs[0].detail["learnt"] == ["kind"]
    assert set(runs[1].detail["found"]) == {"", "kind"}


def test_distance_is_measured_by_the_collection_itself() -> None:
    cosines = np.full((50, 5), 0.6, dtype=np.float32) + np.linspace(0, 0.1, 50, dtype=np.float32)[:, None]
    cosines[0] = 0.0
    scores = far_out(cosines)
    assert scores[0] > 4 and np.abs(scores[1:]).max() < 4


def test_calibration_error_is_the_gap_of_confidence_and_accuracy() -> None:
    confidence = np.full(10, 0.9, dtype=np.float32)
    assert calibration_error(confidence, np.array([True] * 9 + [False])) == pytest.approx(0, abs=1e-6)
    assert calibration_error(confidence, np.array([True] * 5 + [False] * 5)) == pytest.approx(0.4, abs=1e-6)


@pytest.mark.parametrize("command", ["evaluate_tags", "evaluate_misfiled"])
def test_the_commands_print_one_json_object(command: str, tmp_path: Path) -> None:
    lines = [{"external_id": f"{kind}{n}", **thing(kind, n)} for kind in WORDS for n in range(20)]
    (tmp_path / "items.jsonl").write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    out = StringIO()
    call_command(command, str(tmp_path), "--json", attribute="kind", stdout=out, stderr=StringIO())
    report = orjson.loads(out.getvalue())
    if command == "evaluate_tags":
        assert report["few_shot_8"] > 0.9 and 0 <= report["ece"] <= 1 and 0 <= report["zero_shot"] <= 1
    else:
        assert report["recall"] > 0.8 and report["precision"] > 0.8 and report["planted"] == 6
    assert not Collection.objects.exists()


def test_labels_that_texts_say_nothing_of_are_not_judged() -> None:
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(300, 24)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = rng.integers(0, 6, 300)
    rows, cosines = nearest(vectors, 20)
    assert judge(vectors, labels, rows, cosines).line == float("inf")
