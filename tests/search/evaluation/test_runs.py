"""Stored runs: a set judged on a standing collection, and two runs compared query by query."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from catalog.models import Collection
from catalog.services.collections import update_collection
from search.errors import EvaluationError
from search.evaluation.judging import queries_of
from search.evaluation.runs import compare_runs, run_before
from search.models import EvaluationRun, JudgedSet
from tests.factories import shop_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(tmp_path: Path) -> Path:
    folder = tmp_path / "lamps"
    folder.mkdir()
    (folder / "queries.jsonl").write_text('{"id": "1", "text": "red lamp"}\n{"id": "2", "text": "blue pan"}\n')
    (folder / "qrels.tsv").write_text("query_id\titem_id\tgrade\n1\tred\t2\n2\tpan\t1\n")
    return folder


@pytest.fixture
def shop() -> Collection:
    return shop_of(
        {"external_id": "red", "title": "red lamp"},
        {"external_id": "pan", "title": "pan of iron", "body": "Not blue."},
        {"external_id": "blue", "title": "blue lamp"},
    )


def evaluate(folder: Path, **options: object) -> str:
    out = StringIO()
    call_command("evaluate", str(folder), stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


def test_a_standing_collection_is_judged_with_its_settings(shop: Collection, judged: Path) -> None:
    update_collection(collection=shop, search_settings={"fusion": "rrf"})
    report = json.loads(evaluate(judged, collection="shop", json=True))
    assert (report["items"], report["queries"]) == (3, 2)
    assert set(report["modes"]["hybrid"]) == {"ndcg_at_10", "ci95", "recall_at_100", "mrr_at_10", "p50_ms", "p95_ms"}
    run = EvaluationRun.objects.get()
    assert run.configuration == {"language": "english", "fusion": "rrf", "collection": "shop"}
    assert set(run.gains["hybrid"]) == {"1", "2"}
    assert Collection.objects.count() == 1


def test_a_standing_collection_keeps_its_judged_queries(shop: Collection, judged: Path) -> None:
    evaluate(judged, collection="shop", json=True)
    (judged / "qrels.tsv").write_text("query_id\titem_id\tgrade\n1\tred\t2\n2\tpan\t0\n")
    evaluate(judged, collection="shop", json=True)
    kept = JudgedSet.objects.get()
    assert str(kept) == "lamps (shop)"
    assert kept.queries == [{"id": "1", "text": "red lamp", "grades": {"red": 2}}], "the second replaces the first"
    (judged / "items.jsonl").write_text('{"external_id": "red", "title": "red lamp"}\n')
    evaluate(judged, json=True)
    assert JudgedSet.objects.count() == 1


def test_very_many_judged_queries_are_thinned_out_evenly(shop: Collection) -> None:
    queries = [{"id": str(n), "text": "lamp", "grades": {"red": 1}} for n in range(2_001)]
    kept = queries_of(JudgedSet(collection=shop, name="many", queries=queries))
    assert len(kept) == 667 and [query.id for query in kept[:3]] == ["0", "3", "6"]


def test_the_next_run_says_what_changed_query_by_query(shop: Collection, judged: Path) -> None:
    assert "Against the run" not in evaluate(judged, collection="shop")
    assert "Against the run" in (out := evaluate(judged, collection="shop"))
    assert "p = 1.000" in out
    second, first = EvaluationRun.objects.all()
    assert run_before(second) == first and run_before(first) is None
    EvaluationRun.objects.filter(pk=first.pk).update(gains={"hybrid": {"1": 0.0, "2": 0.0}})
    first.refresh_from_db()
    test = compare_runs(before=first, after=second)
    assert set(test) == {"hybrid"}
    assert test["hybrid"].difference == pytest.approx(second.figures["hybrid"]["ndcg_at_10"], abs=1e-3)


def test_runs_of_two_sets_or_without_gains_are_not_compared() -> None:
    one, other = (EvaluationRun.objects.create(dataset=name, gains={"hybrid": {"1": 1.0}}) for name in "ab")
    with pytest.raises(EvaluationError, match="two sets"):
        compare_runs(before=one, after=other)
    bare = EvaluationRun.objects.create(dataset="a")
    with pytest.raises(EvaluationError, match="without the figures"):
        compare_runs(before=one, after=bare)


def test_a_collection_that_is_not_there_is_named(judged: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        evaluate(judged, collection="nowhere")


def test_two_chosen_runs_are_compared_in_the_admin(admin_client: Client) -> None:
    runs = [
        EvaluationRun.objects.create(
            dataset="demo", figures={"hybrid": {"ndcg_at_10": gain}}, gains={"hybrid": {"1": gain, "2": gain}}
        )
        for gain in (0.25, 0.75)
    ]
    answer = compare(admin_client, [run.pk for run in runs])
    assert "+0.5000" in answer and "0.2500" in answer and "0.7500" in answer
    assert "Choose exactly two runs" in compare(admin_client, [runs[0].pk])
    other = EvaluationRun.objects.create(dataset="other", gains={"hybrid": {"1": 1.0}})
    assert "cannot be paired" in compare(admin_client, [runs[0].pk, other.pk])


def compare(client: Client, keys: list[int]) -> str:
    data = {"action": "compare", "_selected_action": keys}
    return client.post("/admin/search/evaluationrun/", data, follow=True).content.decode()
