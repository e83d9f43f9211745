"""How well each mode finds the item that a query was cut from: no judgements needed, on any collection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalog.models import Collection, Item
from search.evaluation import metrics
from search.evaluation.quality.known_items import KINDS, KnownItem, queries_of, words_of
from search.retrieval.search import search
from search.retrieval.types import MODES, Mode, SearchRequest

DEPTH = 10  # hits in which the item counts as found


@dataclass(frozen=True, slots=True)
class KnownItemFigures:
    """Of one kind of query: reciprocal ranks of the item by mode, each by the item's external id."""

    kind: str
    ranks: dict[Mode, dict[str, float]]

    def report(self) -> dict[str, Any]:
        """Means, and how likely chance gives the difference of hybrid search to each leg."""
        ranks = {mode: list(found.values()) for mode, found in self.ranks.items()}
        return {
            "queries": len(ranks["hybrid"]),
            "mrr_at_10": {mode: round(float(np.mean(values)), 4) for mode, values in ranks.items()},
            "recall_at_10": {mode: round(float(np.mean(np.array(values) > 0)), 4) for mode, values in ranks.items()},
            "p_value": {
                mode: round(metrics.paired_test(self.ranks[mode], self.ranks["hybrid"]).p_value, 4)
                for mode in MODES
                if mode != "hybrid"
            },
        }


def evaluate_known_items(collection: Collection, count: int) -> list[KnownItemFigures]:
    """The figures of each kind, over queries from at most `count` items that are spread over the collection."""
    queries: dict[str, dict[str, str]] = defaultdict(dict)
    for item in _known_items(collection, count):
        for kind, text in queries_of(item).items():
            queries[kind][item.external_id] = text
    return [
        KnownItemFigures(kind, {mode: _reciprocal_ranks(collection, queries[kind], mode) for mode in MODES})
        for kind in KINDS
        if queries[kind]
    ]


def _known_items(collection: Collection, count: int) -> list[KnownItem]:
    """Ordered by the digest of their text, which has nothing to do with what it says."""
    chosen = Item.objects.visible().filter(collection=collection).order_by("text_digest", "pk")[:count]
    rows = list(chosen.values_list("external_id", "title", "body"))
    words = [words_of(f"{title} {body}") for _, title, body in rows]
    return [
        KnownItem(external_id, title, body, external_id, words[n - 1] if len(rows) > 1 else ())
        for n, (external_id, title, body) in enumerate(rows)
    ]


def _reciprocal_ranks(collection: Collection, queries: dict[str, str], mode: Mode) -> dict[str, float]:
    return {
        external_id: metrics.reciprocal_rank(_ranking(collection, text, mode, external_id), {external_id: 1}, DEPTH)
        for external_id, text in queries.items()
    }


def _ranking(collection: Collection, text: str, mode: Mode, wanted: str) -> Sequence[str]:
    """The first hits; one that stands for the wanted item counts as that."""
    hits = search(SearchRequest(collection, text, mode=mode, limit=DEPTH, is_literal=True)).hits
    return [wanted if any(twin.external_id == wanted for twin in hit.duplicates) else hit.external_id for hit in hits]
