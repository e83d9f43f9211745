"""The judge of personal interest: logs in any usual form, a split in time, and figures beside plain methods."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from catalog.errors import InvalidInput
from search.evaluation.interest.generating import generate_log
from search.evaluation.interest.interest_quality import evaluate_interest, report
from search.evaluation.interest.logs import load_log
from search.insight.interest.crowd import Log
from search.insight.interest.mixing import gains, judges_of, read_blend, split
from tests.factories import add_items, make_collection, make_searchable

ITEMS = {f"kind{kind}-{n:02d}": f"kind{kind}" for kind in range(20) for n in range(20)}


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def generated(path: Path, *, people: int = 150, seed: int = 3) -> Path:
    rows = generate_log(ITEMS, people=people, seed=seed)
    return written(path, "user,item,time\n" + "\n".join(",".join(row) for row in rows))


@pytest.mark.parametrize(
    "text",
    [
        "user,item,time\na,x,2026-01-01T00:00:00Z\nb,y,2026-01-02T00:00:00+00:00\n",
        "time;item_id;user_id\n2026-01-01;x;a\n2026-01-02 00:00:00;y;b\n",
        "a,x,1767225600\nb,y,1767312000000\n",
        "a\tx\t1767225600.0\nb\ty\t2 January 2026\n",
        '{"user": "a", "item": "x", "time": 1767225600}\n\n{"user": "b", "item": "y", "timestamp": "2026-01-02"}\n',
        "user,item,time\r\na,x,2026-01-01\r\na,x,2026-01-01\r\nb,y,2026-01-02\r\n",
    ],
)
def test_logs_are_read_in_any_usual_form(tmp_path: Path, text: str) -> None:
    found = load_log(written(tmp_path / "log", text))
    assert (found.people, found.items, found.problems) == (["a", "b"], ["x", "y"], [])
    assert found.log.days.tolist() == [20454.0, 20455.0]


def test_what_is_no_event_is_named_and_left_out(tmp_path: Path) -> None:
    text = "user,item,time\na,x,2026-01-01\n,y,2026-01-01\na,y,soon\na\nb,y,nan\n"
    found = load_log(written(tmp_path / "log", text))
    assert len(found.log) == 1 and [problem.line for problem in found.problems] == [3, 4, 5, 6]
    for bad in ("", "user,item,time\n", "nonsense", "user,item,time\na,b,soon\n"):
        with pytest.raises(InvalidInput):
            load_log(written(tmp_path / "bad", bad))
    with pytest.raises(InvalidInput):
        load_log(tmp_path / "missing")


def test_the_generated_log_is_the_same_each_time() -> None:
    assert generate_log(ITEMS, people=20, seed=1) == generate_log(ITEMS, people=20, seed=1)
    assert generate_log(ITEMS, people=20, seed=1) != generate_log(ITEMS, people=20, seed=2)


def test_only_what_is_new_to_a_person_and_later_is_to_be_foreseen() -> None:
    log = Log(np.array([0, 0, 0, 0, 1]), np.array([0, 1, 0, 2, 2]), np.arange(5.0), np.ones(5))
    before, later, at = split(log)
    assert at == pytest.approx(3.2) and len(before) == 4
    judges = judges_of(before, later)
    assert judges.rows.tolist() == [1] and judges.events.tolist() == [0] and judges.wanted[0].tolist() == [2]


def test_gain_is_ndcg_over_all_items() -> None:
    scores = np.array([[3, 2, 1, -np.inf], [0, 0, 1, 2]], dtype=np.float32)
    found = gains(scores, [np.array([0]), np.array([2])])
    assert found.tolist() == pytest.approx([1.0, 1 / np.log2(3)])


def test_people_with_tastes_are_foreseen_better_than_by_popularity_and_item_knn(tmp_path: Path) -> None:
    found = report(evaluate_interest(load_log(generated(tmp_path / "log.csv", people=400)), None))
    many, few = found["by_events"]["5_and_more"], found["by_events"]["1_to_4"]
    assert many["ndcg_at_10"] >= many["item_knn"]
    assert few["ndcg_at_10"] >= 1.5 * few["popularity"]


def test_vectors_that_tell_tastes_help_those_who_did_little(tmp_path: Path) -> None:
    log = load_log(generated(tmp_path / "log.csv", people=400))
    kinds = sorted(set(ITEMS.values()))
    vectors = np.zeros((len(log.items), len(kinds)), dtype=np.float32)
    vectors[np.arange(len(log.items)), [kinds.index(ITEMS[name]) for name in log.items]] = 1
    without, with_them = (report(evaluate_interest(log, given))["ndcg_at_10"]["1_to_4"] for given in (None, vectors))
    assert with_them > without


def test_a_blend_that_cannot_be_read_is_the_prior() -> None:
    prior = read_blend(None)
    assert read_blend({"few": {"crowd": 1}}) == read_blend({"few": 3}) == prior
    assert read_blend(json.loads(json.dumps(prior.stored()))) == prior


def judged(*arguments: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("evaluate_interest", *arguments, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


@pytest.mark.django_db
def test_the_command_prints_figures_by_number_of_events(tmp_path: Path) -> None:
    found = judged(generated(tmp_path / "log.csv"))
    for name in ("ndcg_at_10", "popularity", "item_knn"):
        assert set(found[name]) == {"none", "1_to_4", "5_and_more", "all"}
        assert 0 <= found[name]["all"] <= 1
    assert found["texts"] == "" and found["items_with_text"] == 0


@pytest.mark.django_db
def test_items_of_a_collection_are_known_by_their_ids_and_others_stay_unknown(tmp_path: Path) -> None:
    collection = make_collection()
    some = list(ITEMS)[10:]
    add_items(collection, *({"external_id": name, "title": f"{ITEMS[name]} {name}"} for name in some))
    make_searchable(collection)
    log = generated(tmp_path / "log.csv")
    used = set(load_log(log).items)
    for found in (judged(log), judged(log, "--collection", "shop")):
        assert (found["texts"], found["items_with_text"]) == ("shop", len(used & set(some)))
    with pytest.raises(CommandError, match="no collection 'other'"):
        judged(log, "--collection", "other")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["a,x,2026-01-01\n", "a,x,2026-01-01\nb,y,2026-01-01\n", "a,x,1\na,y,2\na,z,3\n"])
def test_a_log_of_almost_nothing_gives_figures_or_none(tmp_path: Path, text: str) -> None:
    assert "ndcg_at_10" in judged(written(tmp_path / "log.csv", text))


def test_generating_by_the_command(tmp_path: Path) -> None:
    lines = [json.dumps({"external_id": name, "title": name, "attributes": {"kind": ITEMS[name]}}) for name in ITEMS]
    items, out = written(tmp_path / "items.jsonl", "\n".join(lines)), tmp_path / "log.csv"
    call_command(
        "generate_interest_log", items, "--attribute", "kind", "--people", "20", "--out", out, stderr=StringIO()
    )
    assert len(load_log(out).people) == 20
    with pytest.raises(CommandError, match="has not two different texts"):
        call_command("generate_interest_log", items, "--attribute", "colour")
