"""The stored pairs of a collection with the evidence that was kept of each, for learning from decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalog.models import Collection
from search.duplicates.calibration.proposal import KnownPair
from search.duplicates.evidence.explanation import OTHER_PAIRS
from search.duplicates.evidence.table import NAMES, Evidence
from search.models import DuplicatePair
from search.models.duplicate import PairState

IS_SAME = {PairState.CONFIRMED: True, PairState.DISMISSED: False, PairState.VARIANT: False}


def known_pairs(collection: Collection) -> list[KnownPair]:
    """Every pair with evidence, in the order of its id; one that was never scored teaches nothing."""
    rows = DuplicatePair.objects.filter(collection=collection).order_by("id")
    values = rows.values_list("id", "evidence", "state", "is_flagged").iterator(chunk_size=5_000)
    return [
        KnownPair(pair_id, *read_evidence(terms), IS_SAME.get(PairState(state)), is_flagged)
        for pair_id, terms, state, is_flagged in values
        if terms
    ]


def read_evidence(terms: Sequence[dict[str, Any]]) -> tuple[Evidence, float]:
    """The evidence, and the log-odds that the other pairs added. Terms too small to be kept count as 0."""
    values = {str(term.get("name")): float(term.get("value") or 0) for term in terms}
    return Evidence(**{name: values.get(name, 0.0) for name in NAMES}), values.get(OTHER_PAIRS, 0.0)
