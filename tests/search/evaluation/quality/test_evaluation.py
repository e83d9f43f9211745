"""Judged sets and the commands that judge by them, from files to figures."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from search.evaluation.datasets import JudgedQuery, load_match_dataset, load_search_dataset
from search.evaluation.quality.search_quality import evaluate_mode, evaluate_search
from search.evaluation.speed.benchmark import measure_recall, measure_search, sample_queries
from search.models import EvaluationRun
from tests.factories import shop_of

pytestmark = pytest.mark.django_db

ITEMS = [
    {"external_id": "tent", "title": "dome tent", "body": "for two"},
    {"external_id": "tarp", "title": "tarp", "body": "instead of a tent"},
    {"external_id": "stove", "title": "gas stove", "body": "boils water"},
]
QUERIES = [{"id": "q1", "text": "dome tent"}, {"id": 2, "text": "boils"}, {"id": "q3", "text": "nobody judged this"}]
QRELS = "query_id\titem_id\tgrade\nq1\ttent\t3\nq1\ttarp\t1\n2\tstove\t1\nq3\tstove\t0\n"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, ITEMS)) + "\n{broken\n")
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, QUERIES)) + "\n\n")
    (folder / "qrels.tsv").write_text(QRELS)
    return folder


def evaluate(folder: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("evaluate", str(folder), *options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_json_has_the_shape_of_the_contract_and_nothing_else_is_printed(dataset: Path) -> None:
    report = json.loads(evaluate(dataset, "--json"))
    assert set(report) == {"dataset", "items", "queries", "modes"}
    assert (report["dataset"], report["items"], report["queries"]) == ("tiny", 3, 2)
    assert set(report["modes"]) == {"lexical", "semantic", "hybrid"}
    for figures in report["modes"].values():
        assert set(figures) == {"ndcg_at_10", "ci95", "recall_at_100", "mrr_at_10", "p50_ms", "p95_ms"}
        assert figures["ndcg_at_10"] == figures["mrr_at_10"] == figures["recall_at_100"] == 1.0
        assert figures["ci95"] == [1.0, 1.0] and 0 < figures["p50_ms"] <= figures["p95_ms"]


def test_the_scratch_collection_is_gone_afterwards_and_the_figures_are_kept(dataset: Path) -> None:
    report = json.loads(evaluate(dataset, "--json", "--language", "german"))
    assert not Collection.objects.exists() and not Item.objects.exists()
    run = EvaluationRun.objects.get()
    assert (run.dataset, run.figures, run.configuration) == ("tiny", report["modes"], {"language": "german"})


def test_without_json_a_table_is_printed(dataset: Path) -> None:
    lines = evaluate(dataset).splitlines()
    assert lines[0] == "tiny: 3 items, 2 queries"
    assert {line.split()[0] for line in lines[2:5]} == {"lexical", "semantic", "hybrid"}


def test_the_scratch_collection_is_gone_also_when_the_evaluation_fails(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr("search.evaluation.management.commands.evaluate.evaluate_search", fail)
    with pytest.raises(RuntimeError):
        evaluate(dataset)
    assert not Collection.objects.exists() and not EvaluationRun.objects.exists()


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("qrels.tsv", None, "No such file"),
        ("qrels.tsv", b"query\titem\n", "must name grade, item_id, query_id"),
        ("qrels.tsv", b"query_id\titem_id\tgrade\nq1\ttent\thigh\n", "'high' is no whole number"),
        ("qrels.tsv", b"query_id\titem_id\tgrade\nq1\ttent\n", "fewer columns"),
        ("qrels.tsv", b"query_id\titem_id\tgrade\nq1\t\xff\t1\n", "not UTF-8"),
        ("queries.jsonl", None, "No such file"),
        ("queries.jsonl", b'{"id": "q1", "text": "a"}\n{"id": "q2"}\n', "line 2: not an object with id and text"),
        ("queries.jsonl", b"[]\n", "line 1"),
        ("queries.jsonl", b"{broken\n", "line 1"),
        ("items.jsonl", None, "No such file"),
        ("items.jsonl", b"\n", "no item in it"),
    ],
)
def test_a_set_that_cannot_be_read_is_refused_with_the_file_and_the_reason(
    dataset: Path, file: str, content: bytes | None, reason: str
) -> None:
    if content is None:
        (dataset / file).unlink()
    else:
        (dataset / file).write_bytes(content)
    with pytest.raises(CommandError) as caught:
        evaluate(dataset)
    assert file in str(caught.value) and reason in str(caught.value)


def test_a_judged_set_is_read_with_its_grades_and_its_bad_lines(dataset: Path) -> None:
    loaded = load_search_dataset(dataset)
    assert loaded.queries[0] == JudgedQuery("q1", "dome tent", {"tent": 3, "tarp": 1})
    assert loaded.queries[1].id == "2" and len(loaded.items) == 3
    assert [problem.line for problem in loaded.problems] == [4]


def test_pairs_are_read_in_one_order_with_the_policy(dataset: Path) -> None:
    (dataset / "matches.tsv").write_text("item_a\titem_b\ntent\ttarp\nstove\ttent\n")
    assert load_match_dataset(dataset).matches == {("tarp", "tent"), ("stove", "tent")}
    assert load_match_dataset(dataset).policy.across is None
    (dataset / "policy.json").write_text('{"across": "source"}')
    assert load_match_dataset(dataset).policy.across == "source"
    for broken in ("{", '{"acros": 1}', "[]"):
        (dataset / "policy.json").write_text(broken)
        with pytest.raises(InvalidInput):
            load_match_dataset(dataset)


def test_figures_are_means_over_the_queries_that_have_a_relevant_item() -> None:
    shop = shop_of(*ITEMS)
    queries = [
        JudgedQuery("1", "dome tent", {"tent": 1}),
        JudgedQuery("2", "boils", {"tarp": 1}),
        JudgedQuery("3", "gas", {"stove": 0}),
        JudgedQuery("4", "nul \x00 " + "long " * 400, {"tarp": 1}),
    ]
    figures = evaluate_search(shop, queries)["lexical"]
    assert figures.ndcg_at_10 == pytest.approx(1 / 3) and figures.mrr_at_10 == pytest.approx(1 / 3)
    assert figures.ci95[0] <= figures.ndcg_at_10 <= figures.ci95[1]
    assert evaluate_mode(shop, [], "lexical").ndcg_at_10 == 0


# Benchmark


def test_benchmark_queries_are_distinct_words_of_visible_items_and_the_same_each_time() -> None:
    shop = shop_of(
        *({"title": f"tent number {n} of many", "body": f"text {n}"} for n in range(40)),
        {"title": "zzz", "status": "draft"},
    )
    queries = sample_queries(shop, 20)
    assert queries == sample_queries(shop, 20)
    assert len(set(queries)) == len(queries) > 10
    assert not any("zzz" in query for query in queries)


def test_searches_are_timed_and_exact_search_recalls_itself() -> None:
    shop = shop_of(*ITEMS)
    latencies = measure_search(shop, ["tent", "stove"], "hybrid")
    assert 0 < latencies.p50_ms <= latencies.p95_ms <= latencies.p99_ms and latencies.per_second > 0
    assert measure_recall(shop, ["tent", "stove"]) == 1.0


def test_the_benchmark_command_prints_one_json_object() -> None:
    shop_of(*({"title": f"tent number {n} of many"} for n in range(30)))
    out = io.StringIO()
    call_command("benchmark", "--collection", "shop", "--queries", "5", "--json", stdout=out)
    figures = json.loads(out.getvalue())
    assert figures["items"] == 30 and figures["recall_at_10_against_exact"] == 1.0
    assert {"search_hybrid", "search_lexical", "search_semantic", "encoder_items_per_second"} <= set(figures)
    with pytest.raises(CommandError, match="no collection 'missing'"):
        call_command("benchmark", "--collection", "missing")


def test_hybrid_search_is_tested_against_each_leg(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gains = {"hybrid": {"q1": 1.0, "q2": 0.8}, "semantic": {"q1": 0.5, "q2": 0.3}, "lexical": {"q1": 1.0, "q2": 0.8}}
    run = EvaluationRun(dataset="tiny", gains=gains)
    monkeypatch.setattr("search.evaluation.management.commands.evaluate.store_run", lambda **fields: run)
    monkeypatch.setattr("search.evaluation.management.commands.evaluate.run_before", lambda run: None)
    semantic, lexical = evaluate(dataset).split("Hybrid against each leg alone")[1].splitlines()[1:3]
    assert semantic.split()[:2] == ["semantic", "+0.5000"]
    assert lexical.split()[:2] == ["lexical", "+0.0000"] and lexical.endswith("p = 1.000")
