"""Calibration in the admin: what is shown, applying, reverting, and the thresholds of a collection."""

from __future__ import annotations

import random
from dataclasses import asdict
from typing import Any

import pytest
from django.test import Client

from catalog.models import Collection, Item
from catalog.services.collections import update_collection
from search.duplicates.calibration.known_pairs import known_pairs, read_evidence
from search.duplicates.calibration.tuning import propose_calibration, scorer_of
from search.duplicates.comparing.scan import scan
from search.duplicates.evidence.explanation import describe
from search.duplicates.evidence.scorer import DEFAULT, to_log_odds, to_score
from search.embedding.queue import pipeline
from search.models import DuplicateCalibration, DuplicatePair, ItemEmbedding
from tests.admin_people import charlie, curator
from tests.factories import add_items, make_collection
from tests.search.duplicates.calibration.test_proposal import alike
from tests.search.duplicates.comparing.test_scan import SAME_TENT, TENT, the_pair
from tests.search.duplicates.comparing.test_scan import shop as shop_with_twins

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    """Sixty decided pairs and twenty others, of items whose texts do not matter here."""
    collection = make_collection()
    items = add_items(collection, *({"title": f"Item {n}"} for n in range(160)))
    generator = random.Random(3)
    pairs = []
    for number in range(80):
        words = generator.uniform(0.5, 1.0)
        evidence = alike(words, generator.choice([0.0, 0.3]))
        score = to_score(DEFAULT.log_odds(evidence))
        state = ("confirmed" if words > 0.85 else "dismissed") if number < 60 else "suggested"
        pairs.append(stored(items[2 * number], items[2 * number + 1], score, state, describe(evidence, DEFAULT)))
    DuplicatePair.objects.bulk_create(pairs)
    return collection


def stored(first: Item, second: Item, score: float, state: str, terms: list[dict[str, Any]]) -> DuplicatePair:
    return DuplicatePair(
        collection_id=first.collection_id,
        first=first,
        second=second,
        score=score,
        is_flagged=score >= 0.5,
        evidence=terms,
        state=state,
        first_digest=bytes(first.text_digest),
        second_digest=bytes(second.text_digest),
    )


def address(collection: Collection) -> str:
    return f"/admin/catalog/collection/{collection.pk}/calibrate/"


def apply(browser: Client, collection: Collection) -> str:
    shown = browser.get(address(collection)).context["fingerprint"]
    answer = browser.post(address(collection), {"action": "apply", "fingerprint": shown}, follow=True)
    return str(answer.content.decode())


def test_the_page_shows_what_decisions_teach_and_changes_nothing(shop: Collection) -> None:
    page = curator().get(address(shop))
    proposal = page.context["proposal"]
    assert (proposal.same + proposal.not_same, proposal.undecided) == (60, 20)
    assert proposal.expected.f1 > proposal.now.f1
    text = page.content.decode()
    assert "Proposed from 60 decisions" in text
    assert "no longer flagged" in text
    assert "Item 1" in text
    assert not DuplicateCalibration.objects.exists()
    assert scorer_of(shop) == DEFAULT


def test_too_few_decisions_are_said_to_be_too_few(shop: Collection) -> None:
    DuplicatePair.objects.filter(state="confirmed").update(state="suggested")
    browser = curator()
    assert "Decide at least 10 pairs" in browser.get(address(shop)).content.decode()
    answer = browser.post(address(shop), {"action": "apply", "fingerprint": "x"}, follow=True)
    assert "too few decisions" in answer.content.decode()


def test_an_applied_calibration_scores_from_then_on_and_queues_a_scan(shop: Collection) -> None:
    proposal = propose_calibration(shop)
    assert proposal is not None
    assert "is in use" in apply(curator(), shop)
    shop.refresh_from_db()
    policy = shop.duplicate_policy
    assert (policy["flag_threshold"], policy["suggest_threshold"]) == (proposal.flag, proposal.suggest)
    assert dict(scorer_of(shop).weights) == pytest.approx(dict(proposal.scorer.weights))
    calibration = DuplicateCalibration.objects.get()
    assert (calibration.decisions, calibration.applied_by_name, calibration.ended_at) == (60, "cleo", None)
    run = shop.runs.get()
    assert (run.kind, run.state, str(run.started_by)) == ("duplicate_scan", "running", "cleo")
    assert not ItemEmbedding.objects.filter(collection=shop, checked_digest__isnull=False).exists()


def test_what_was_not_looked_at_is_not_applied(shop: Collection) -> None:
    browser = curator()
    shown = browser.get(address(shop)).context["fingerprint"]
    DuplicatePair.objects.filter(pk=DuplicatePair.objects.filter(state="confirmed")[0].pk).update(state="dismissed")
    answer = browser.post(address(shop), {"action": "apply", "fingerprint": shown}, follow=True)
    assert "changed since you looked" in answer.content.decode()
    assert not DuplicateCalibration.objects.exists()


def test_reverting_brings_weights_and_thresholds_back_and_keeps_the_history(shop: Collection) -> None:
    update_collection(collection=shop, duplicate_policy={"flag_threshold": 0.6})
    browser = curator()
    apply(browser, shop)
    apply(browser, shop)  # a second one on top of the first
    browser.post(address(shop), {"action": "revert"})
    shop.refresh_from_db()
    assert shop.duplicate_policy == {"flag_threshold": 0.6}
    assert scorer_of(shop) == DEFAULT
    assert DuplicateCalibration.objects.filter(ended_at=None).count() == 0
    first = DuplicateCalibration.objects.earliest("pk")
    browser.post(address(shop), {"action": "again", "calibration": first.pk})
    assert scorer_of(shop).intercept == first.intercept
    assert DuplicateCalibration.objects.count() == 3
    browser.post(address(shop), {"action": "revert"})
    answer = browser.post(address(shop), {"action": "revert"}, follow=True)
    assert "No calibration is in use" in answer.content.decode()


def test_a_decision_stays_when_weights_change(shop: Collection) -> None:
    browser = curator()
    apply(browser, shop)
    pipeline.drain()
    scan(collection=shop)
    assert DuplicatePair.objects.filter(state="confirmed").exists()
    assert DuplicatePair.objects.exclude(state="suggested").count() == 60


def test_charlie_neither_sees_nor_applies(shop: Collection) -> None:
    browser = charlie()
    assert browser.get(address(shop)).status_code == 403
    assert browser.post(address(shop), {"action": "scan"}).status_code == 403
    assert curator().post(address(shop), {"action": "burn"}).status_code == 422
    assert not shop.runs.exists()


def test_what_a_scan_stored_adds_up_to_its_score() -> None:
    collection = shop_with_twins(TENT, SAME_TENT)
    scan(collection=collection)
    pair = the_pair(collection)
    evidence, others = read_evidence(pair.evidence)
    assert DEFAULT.log_odds(evidence) + others == pytest.approx(to_log_odds(pair.score), abs=0.2)


def test_stored_evidence_is_read_back_as_it_was_scored(shop: Collection) -> None:
    evidence = alike(0.9, 0.3)
    read, others = read_evidence(describe(evidence, DEFAULT, other_pairs=1.25))
    assert others == 1.25
    assert asdict(read) == pytest.approx(asdict(evidence), abs=0.05)
    DuplicatePair.objects.filter(state="suggested").update(evidence=[])
    assert len(known_pairs(shop)) == 60


def test_thresholds_are_edited_in_fields_of_their_own(
    shop: Collection, django_capture_on_commit_callbacks: Any
) -> None:
    update_collection(collection=shop, duplicate_policy={"across": "brand", "flag_threshold": 0.7})
    browser, page = curator(), f"/admin/catalog/collection/{shop.pk}/change/"
    shown = browser.get(page).content.decode()
    assert 'value="0.7"' in shown
    assert address(shop) in shown
    fields = {
        "name": "Shop",
        "description": "",
        "language": "english",
        "visibility": "public",
        "attribute_schema": "{}",
    }
    fields["duplicate_policy"] = '{"across": "brand"}'
    flagged = DuplicatePair.objects.filter(state="suggested", is_flagged=True).count()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(page, {**fields, "flag_threshold": "0.9999", "suggest_threshold": "0.2"})
    shop.refresh_from_db()
    assert shop.duplicate_policy == {"across": "brand", "flag_threshold": 0.9999, "suggest_threshold": 0.2}
    assert DuplicatePair.objects.filter(state="suggested", is_flagged=True).count() < flagged
    assert shop.runs.count() == 1


@pytest.mark.parametrize(
    ("flag", "suggest", "policy", "problem"),
    [
        ("1.5", "", "{}", "less than or equal to 1"),
        ("0.3", "0.4", "{}", "must not be above the flag threshold"),
        ("0.3", "", '{"flag_threshold": 0.4}', "not in both"),
        ("x", "", "{}", "Enter a number"),
    ],
)
def test_wrong_thresholds_are_refused(shop: Collection, flag: str, suggest: str, policy: str, problem: str) -> None:
    fields = {"name": "Shop", "language": "english", "visibility": "public", "attribute_schema": "{}"}
    asked = {**fields, "duplicate_policy": policy, "flag_threshold": flag, "suggest_threshold": suggest}
    page = curator().post(f"/admin/catalog/collection/{shop.pk}/change/", asked).content.decode()
    assert problem in page
    shop.refresh_from_db()
    assert shop.duplicate_policy == {}
