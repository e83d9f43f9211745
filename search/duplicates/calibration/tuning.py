"""Which weights score the pairs of a collection: the defaults, or what a person applied from its decisions."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from catalog.access import Actor
from catalog.errors import Conflict, InvalidInput
from catalog.models import Collection
from catalog.services.collections import update_collection
from search.duplicates.calibration.correction import FEWEST_DECISIONS
from search.duplicates.calibration.estimate import PRIOR, Estimate, from_json
from search.duplicates.calibration.known_pairs import known_pairs
from search.duplicates.calibration.proposal import Recalibration, recalibrate
from search.duplicates.evidence.scorer import DEFAULT, Scorer
from search.duplicates.evidence.table import NAMES
from search.duplicates.rules import Rules, rules_of
from search.models import DuplicateCalibration, DuplicateStatistic

THRESHOLDS = ("flag_threshold", "suggest_threshold")


def scorer_of(collection: Collection) -> Scorer:
    """The scorer of the collection."""
    applied = calibration_in_use(collection)
    if applied is None:
        return default_scorer(rules_of(collection))
    weights = {name: float(applied.weights[name]) for name in NAMES if name in applied.weights}
    return Scorer(weights, applied.intercept)


def estimate_of(collection: Collection) -> Estimate:
    """What the last scan learnt from the collection's own pairs; the prior when there was none."""
    found = DuplicateStatistic.objects.filter(collection=collection).values_list("estimate").first()
    return from_json(found[0]) if found else PRIOR


def default_scorer(rules: Rules) -> Scorer:
    """The prior for the kind of pairs that the rules allow."""
    return DEFAULT.across_sources() if rules.across else DEFAULT


def scorer_in_use(collection: Collection) -> Scorer:
    """The scorer of the collection, with what its last scan learnt from its own pairs."""
    return estimate_of(collection).applied_to(scorer_of(collection))


def calibration_in_use(collection: Collection) -> DuplicateCalibration | None:
    return DuplicateCalibration.objects.filter(collection=collection, ended_at__isnull=True).first()


def propose_calibration(collection: Collection) -> Recalibration | None:
    """What the collection's decisions teach; None while they are fewer than FEWEST_DECISIONS. Changes nothing."""
    rules = rules_of(collection)
    pairs, scorer = known_pairs(collection), scorer_in_use(collection)
    return recalibrate(pairs, scorer, rules.flag, has_rivals=bool(rules.across))


def fingerprint_of(proposal: Recalibration) -> str:
    """What identifies the proposal that a person looked at."""
    weights = {name: round(weight, 6) for name, weight in proposal.scorer.weights.items()}
    parts = [weights, round(proposal.scorer.intercept, 6), proposal.flag, proposal.same, proposal.not_same]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def apply_calibration(*, collection: Collection, fingerprint: str, actor: Actor) -> DuplicateCalibration:
    """Puts the proposal in use that the person looked at; the pairs are to be scanned again after that.

    Raises InvalidInput with too few decisions and Conflict when the decisions have changed since.
    """
    proposal = propose_calibration(collection)
    if proposal is None:
        raise InvalidInput(f"There are too few decisions: {FEWEST_DECISIONS} of either kind are needed.")
    if fingerprint_of(proposal) != fingerprint:
        raise Conflict("The decisions or pairs have changed since you looked. Look at the new proposal first.")
    return _put_in_use(
        collection,
        actor,
        weights=dict(proposal.scorer.weights),
        intercept=proposal.scorer.intercept,
        flag_threshold=proposal.flag,
        suggest_threshold=proposal.suggest,
        decisions=proposal.same + proposal.not_same,
        precision=proposal.expected.precision,
        recall=proposal.expected.recall,
        precision_before=proposal.now.precision,
        recall_before=proposal.now.recall,
    )


def apply_again(*, calibration: DuplicateCalibration, actor: Actor) -> DuplicateCalibration:
    """Puts an earlier calibration in use once more. Raises Conflict when it is the one in use."""
    if calibration.ended_at is None:
        raise Conflict("This calibration is in use already.")
    names = ("weights", "intercept", *THRESHOLDS, "decisions", "precision", "recall", "precision_before")
    values = {name: getattr(calibration, name) for name in (*names, "recall_before")}
    return _put_in_use(calibration.collection, actor, **values)


def revert_to_defaults(*, collection: Collection, actor: Actor) -> DuplicateCalibration:
    """Takes the calibration out of use; thresholds become what they were without one. Raises Conflict."""
    with transaction.atomic():
        ended = _end(collection, actor)
        if ended is None:
            raise Conflict("No calibration is in use.")
        _set_thresholds(collection, ended.thresholds_before)
    return ended


def history_of_calibrations(collection: Collection) -> list[DuplicateCalibration]:
    """All that were ever in use, the latest first."""
    return list(DuplicateCalibration.objects.filter(collection=collection))


def _put_in_use(collection: Collection, actor: Actor, **values: Any) -> DuplicateCalibration:
    with transaction.atomic():
        ended = _end(collection, actor)
        before = {name: collection.duplicate_policy.get(name) for name in THRESHOLDS}
        calibration = DuplicateCalibration.objects.create(
            collection=collection,
            thresholds_before=ended.thresholds_before if ended else before,
            applied_by_id=actor.user_id,
            applied_by_name=actor.name,
            **values,
        )
        _set_thresholds(collection, {name: values[name] for name in THRESHOLDS})
    return calibration


def _end(collection: Collection, actor: Actor) -> DuplicateCalibration | None:
    Collection.objects.select_for_update().get(pk=collection.pk)
    calibration = calibration_in_use(collection)
    if calibration is not None:
        calibration.ended_at, calibration.ended_by_name = timezone.now(), actor.name
        calibration.save(update_fields=["ended_at", "ended_by_name"])
    return calibration


def _set_thresholds(collection: Collection, thresholds: dict[str, float | None]) -> None:
    """Into the policy, where a curator may change them later."""
    collection.refresh_from_db()
    others = {name: value for name, value in collection.duplicate_policy.items() if name not in THRESHOLDS}
    given = {name: value for name, value in thresholds.items() if value is not None}
    update_collection(collection=collection, duplicate_policy={**others, **given})
