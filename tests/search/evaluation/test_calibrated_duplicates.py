"""Figures after calibrating on simulated decisions, as `evaluate_duplicates --labels` takes them."""

from __future__ import annotations

from itertools import pairwise

import pytest

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from search.duplicates.finding import Findings
from search.duplicates.scan import scan
from search.embedding import pipeline
from search.evaluation.datasets import ordered
from search.evaluation.duplicate_quality import draw_labels, evaluate_calibrated
from search.evaluation.metrics import pair_figures
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
THINGS = ["tent", "lamp", "rope", "stove", "kettle", "ladder", "hammer", "bucket", "kite", "drum"]
MAKERS = ["Norrdal", "Tarn", "Fjell", "Kvist"]
PAIRS = 30


@pytest.fixture
def shop() -> Collection:
    """Each of thirty things twice, in other words."""
    collection = make_collection()
    for number in range(PAIRS):
        maker, thing = MAKERS[number // 10], THINGS[number % 10]
        add_items(
            collection,
            {
                "external_id": f"a{number:02}",
                "title": f"{maker} {thing}",
                "body": f"A {thing} by {maker} for outdoors.",
            },
            {"external_id": f"b{number:02}", "title": f"{thing} from {maker}", "body": f"{maker} makes this {thing}."},
        )
    pipeline.drain()
    return collection


def named(findings: Findings, pair: tuple[int, int]) -> tuple[str, str]:
    ids = [findings.records[item].item_id for item in pair]
    left, right = (Item.objects.get(pk=pk).external_id for pk in ids)
    return ordered(left, right)


def found_in(collection: Collection) -> Findings:
    findings = scan(collection=collection)
    assert findings is not None
    return findings


def test_decisions_move_weights_and_threshold(shop: Collection) -> None:
    """Here things of one kind by other makers are the same, too: the default flags none of these pairs."""
    findings = found_in(shop)
    drawn, totals = draw_labels(findings, 80), findings.settled.total
    assert len(drawn) == len(set(drawn)) >= 40
    below = sorted(total for total in totals.values() if total < 0)
    least = max(pairwise(below), key=lambda gap: gap[1] - gap[0])[0]
    matches = {named(findings, pair) for pair, total in totals.items() if total > least}
    figures = evaluate_calibrated(shop, findings, matches, 80)
    assert figures == evaluate_calibrated(shop, findings, matches, 80)
    assert figures.flagged.recall > 0.8
    known = {named(findings, pair) for pair in drawn}
    by_default = {named(findings, pair) for pair, total in totals.items() if total >= 0} - known
    assert figures.flagged.f1 > pair_figures(by_default, matches - known).f1


def test_too_few_decisions_are_refused(shop: Collection) -> None:
    with pytest.raises(InvalidInput, match="too few"):
        evaluate_calibrated(shop, found_in(shop), {("a00", "b00")}, 20)
