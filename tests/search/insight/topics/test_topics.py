"""Topics: every visible item has one, they stay what they are, and people have the last word."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import numpy as np
import orjson
import pytest
from django.core.management import call_command

from catalog import locks
from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind, RunState
from catalog.services.runs import cancel_runs
from search.embedding.queue import pipeline
from search.insight import tasks
from search.insight.runs import ATTEMPTS, ask_for
from search.insight.topics.clustering import learn, match, place
from search.insight.topics.computing import compute_topics, place_new_items
from search.insight.topics.naming import distinctive, named
from search.models import ItemTopic, Topic
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db

SUBJECTS = {
    "tents": "tent porch pegs poles groundsheet campsite",
    "pans": "pan frying steak iron handle sauces",
    "lamps": "lamp candle lantern wick light evening",
}


def subject(name: str, number: int) -> dict[str, str]:
    words = SUBJECTS[name].split()
    return {"title": f"{words[0]} {words[1]} {number}", "body": " ".join(words[number % 3 :] + words)}


@pytest.fixture
def shop() -> Collection:
    collection = make_collection()
    add_items(collection, *(subject(name, n) for name in SUBJECTS for n in range(20)))
    make_searchable(collection)
    return collection


def topic_of(item: Item) -> Topic:
    return ItemTopic.objects.get(item=item).topic


def test_each_item_has_a_topic_that_is_named_by_what_its_items_say(shop: Collection) -> None:
    compute_topics(shop, coarse_number=3)
    assert ItemTopic.objects.filter(collection=shop).count() == 60
    items = list(shop.items.order_by("id"))
    parents = [topic_of(item).parent for item in items]
    assert len(set(parents)) == 3
    for start, name in zip((0, 20, 40), SUBJECTS, strict=True):
        assert len(set(parents[start : start + 20])) == 1
        parent = parents[start]
        assert parent is not None and set(parent.words) & set(SUBJECTS[name].split())


def test_topics_have_names_before_the_words_of_the_collection_are_counted() -> None:
    collection = make_collection()
    add_items(collection, *(subject(name, n) for name in SUBJECTS for n in range(20)))
    pipeline.drain()
    compute_topics(collection, coarse_number=3)
    names = set(Topic.objects.filter(level=0).values_list("name", flat=True))
    assert len(names) == 3 and not any(name.startswith("Other") for name in names)


def test_drafts_archived_and_merged_items_have_none(shop: Collection) -> None:
    hidden = list(shop.items.order_by("id")[:3])
    Item.objects.filter(pk=hidden[0].pk).update(status="draft")
    Item.objects.filter(pk=hidden[1].pk).update(status="archived")
    Item.objects.filter(pk=hidden[2].pk).update(merged_into=shop.items.last())
    compute_topics(shop)
    assert not ItemTopic.objects.filter(item__in=hidden).exists()


def test_topics_stay_when_a_tenth_is_added(shop: Collection) -> None:
    first = compute_topics(shop)
    before = dict(ItemTopic.objects.values_list("item", "topic"))
    add_items(shop, *(subject(name, n) for name in SUBJECTS for n in (20, 21)))
    make_searchable(shop)
    compute_topics(shop, learnt_from=first["learnt_from"])
    after = dict(ItemTopic.objects.values_list("item", "topic"))
    assert len(after) == 66
    assert sum(after[item] == topic for item, topic in before.items()) >= 0.95 * len(before)


def test_what_a_person_named_keeps_its_name_when_topics_are_learnt_afresh(shop: Collection) -> None:
    compute_topics(shop, coarse_number=3)
    tents = topic_of(shop.items.order_by("id")[0]).parent
    assert tents is not None
    Topic.objects.filter(pk=tents.pk).update(given_name="Shelter")
    compute_topics(shop, coarse_number=3)
    again = topic_of(shop.items.order_by("id")[0]).parent
    assert again == tents and str(again) == "Shelter"


def test_a_new_item_gets_the_nearest_topic_without_a_new_run(shop: Collection) -> None:
    compute_topics(shop, coarse_number=3)
    (lamp,) = add_items(shop, subject("lamps", 7))
    pipeline.drain()
    assert place_new_items() == 1
    assert place_new_items() == 0
    assert topic_of(lamp).parent == topic_of(shop.items.order_by("id")[45]).parent


def test_deleted_items_leave_nothing_behind(shop: Collection) -> None:
    compute_topics(shop)
    shop.items.order_by("id")[0].delete()
    assert ItemTopic.objects.count() == 59


def test_too_few_items_have_no_topics() -> None:
    collection = make_collection()
    add_items(collection, *(subject("tents", n) for n in range(5)))
    pipeline.drain()
    assert "note" in compute_topics(collection)
    assert not Topic.objects.exists()


def test_a_run_computes_topics_and_can_be_watched(shop: Collection) -> None:
    run = ask_for(RunKind.TOPICS, shop)
    assert ask_for(RunKind.TOPICS, shop) == run
    tasks.do_waiting()
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == (RunState.FINISHED, 60, 60)
    assert run.detail["items"] == 60 and run.finished_at is not None
    assert ItemTopic.objects.count() == 60


def test_a_cancelled_run_changes_nothing(shop: Collection) -> None:
    run = ask_for(RunKind.TOPICS, shop)
    cancel_runs(runs=Run.objects.filter(pk=run.pk))
    tasks.do_waiting()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert not Topic.objects.exists()


def test_a_run_that_a_dead_process_left_is_taken_up_again_and_given_up_after_some_tries(shop: Collection) -> None:
    run = ask_for(RunKind.TOPICS, shop)
    Run.objects.filter(pk=run.pk).update(detail={"asked": {}, "attempts": 1})
    tasks.do_waiting()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED and run.detail["attempts"] == 2
    lost = ask_for(RunKind.TOPICS, shop)
    Run.objects.filter(pk=lost.pk).update(detail={"asked": {}, "attempts": ATTEMPTS})
    tasks.do_waiting()
    lost.refresh_from_db()
    assert lost.state == RunState.FAILED and "gone" in lost.detail["error"]


def test_the_lock_of_a_run_is_free_again_after_it() -> None:
    with locks.tried(locks.Lock.INSIGHT_RUN, 7) as is_mine:
        assert is_mine
    with locks.tried(locks.Lock.INSIGHT_RUN, 7) as is_mine:
        assert is_mine


def test_the_data_choose_the_number_of_topics() -> None:
    rng = np.random.default_rng(3)
    centres = np.eye(32, dtype=np.float32)[:4]
    vectors = np.repeat(centres, 100, axis=0) + rng.normal(0, 0.05, (400, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    tree = learn(vectors)
    labels = tree.parents[place(vectors, tree.fine)]
    assert len(tree.coarse) == 4
    assert [len(set(labels[start : start + 100].tolist())) for start in range(0, 400, 100)] == [1, 1, 1, 1]


def test_an_item_on_the_border_stays_where_it_is() -> None:
    fine = np.eye(2, dtype=np.float32)
    border = np.array([[0.70, 0.714]], dtype=np.float32)
    assert place(border, fine).tolist() == [1]
    assert place(border, fine, stays=np.array([0], dtype=np.int32)).tolist() == [0]


def test_matching_is_one_to_one_and_only_of_near_ones() -> None:
    before = np.eye(3, dtype=np.float32)
    after = np.eye(3, dtype=np.float32)[[2, 0]]
    assert match(before, after, least=0.8) == [(0, 1), (2, 0)]


def test_names_leave_out_what_is_everywhere_and_differ() -> None:
    words = distinctive({"tent": 9, "the": 10, "tents": 4, "porch": 5}, 10, {"tent": 9, "the": 90, "porch": 6}, 100)
    assert words == ["tent", "porch"]
    assert named([["tent", "porch"], ["tent", "porch"], []]) == ["Tent, porch", "Tent, porch (2)", "Other"]


def test_the_command_prints_one_json_object_and_removes_its_collection(tmp_path: Path) -> None:
    lines = [
        {"external_id": f"{name}{n}", **subject(name, n), "attributes": {"topic": name}}
        for name in SUBJECTS
        for n in range(22)
    ]
    (tmp_path / "items.jsonl").write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    out = StringIO()
    call_command("evaluate_topics", str(tmp_path), "--json", stdout=out, stderr=StringIO())
    report = orjson.loads(out.getvalue())
    assert report["nmi"] > 0.9 and report["unassigned"] == 0 and report["stability"] >= 0.95
    assert not Collection.objects.exists()
