"""Figures after calibrating on simulated decisions, as `evaluate_duplicates --labels` takes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import StringIO
from itertools import combinations
from pathlib import Path

import pytest
from django.core.management import call_command

from catalog.errors import InvalidInput
from catalog.models import Collection
from search.duplicates.calibration.tuning import calibration_in_use
from search.duplicates.comparing.finding import Findings
from search.duplicates.comparing.scan import scan
from search.embedding.queue import pipeline
from search.evaluation.quality.duplicate_quality import evaluate_calibrated
from search.models import DuplicatePair, EvaluationRun
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
THINGS = ["tent", "lamp", "rope", "stove", "kettle", "ladder", "hammer", "bucket", "kite", "drum"]
MAKERS = ["Norrdal", "Tarn", "Fjell", "Kvist"]
PAIRS = 30
OFFERS_ALL = {"suggest_threshold": 0.0001}  # so that curators are asked about what the defaults think little of


def items() -> Iterator[dict[str, str]]:
    """Each of thirty things twice, in other words. The last digit of an id is the thing."""
    for number in range(PAIRS):
        maker, thing = MAKERS[number // 10], THINGS[number % 10]
        yield {
            "external_id": f"a{number:02}",
            "title": f"{maker} {thing}",
            "body": f"A {thing} by {maker} for outdoors.",
        }
        yield {
            "external_id": f"b{number:02}",
            "title": f"{thing} from {maker}",
            "body": f"{maker} makes this {thing}.",
        }


def pairs_of_one_thing() -> set[tuple[str, str]]:
    ids = sorted(item["external_id"] for item in items())
    return {pair for pair in combinations(ids, 2) if pair[0][-1] == pair[1][-1]}


@pytest.fixture
def shop() -> Collection:
    collection = make_collection(duplicate_policy=OFFERS_ALL)
    add_items(collection, *items())
    pipeline.drain()
    return collection


def found_in(collection: Collection) -> Findings:
    findings = scan(collection=collection)
    assert findings is not None
    return findings


def test_decisions_that_the_queue_asks_for_move_what_is_flagged(shop: Collection) -> None:
    """Here things of one kind by other makers are the same, too: the default flags few of these pairs."""
    findings, matches = found_in(shop), pairs_of_one_thing()
    figures = evaluate_calibrated(shop, findings, matches, 80)
    decided = DuplicatePair.objects.filter(collection=shop).exclude(state="suggested")
    assert 20 <= decided.count() <= 80
    assert calibration_in_use(shop) is not None, "it is what curators apply that is judged"
    assert figures.before is not None
    assert figures.flagged.f1 > figures.before.f1


def test_too_few_decisions_are_refused(shop: Collection) -> None:
    with pytest.raises(InvalidInput, match="too few"):
        evaluate_calibrated(shop, found_in(shop), {("a00", "b00")}, 20)


def test_the_report_sets_what_was_flagged_before_beside_it(tmp_path: Path) -> None:
    (tmp_path / "items.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in items()))
    (tmp_path / "policy.json").write_text(json.dumps(OFFERS_ALL))
    (tmp_path / "matches.tsv").write_text("item_a\titem_b\n" + "".join(f"{a}\t{b}\n" for a, b in pairs_of_one_thing()))
    out = StringIO()
    call_command("evaluate_duplicates", str(tmp_path), labels=80, stdout=out, stderr=StringIO())
    assert re.search(r"^before +precision .+ F1 ", out.getvalue(), re.MULTILINE)
    figures = EvaluationRun.objects.get().figures
    gained = figures["flagged"]["f1"] - figures["flagged_before_calibration"]["f1"]
    assert gained > 0 and f"by {gained:+.4f}." in out.getvalue()
