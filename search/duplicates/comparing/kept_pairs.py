"""The pairs that a scan has compared so far, kept in PostgreSQL: after a kill, the next scan goes on from them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from itertools import islice

import numpy as np
import orjson

from catalog.models import Collection
from search.duplicates.candidates.generation import Floats
from search.duplicates.comparing.records import Record
from search.duplicates.evidence.scorer import Scorer
from search.duplicates.evidence.structure import Pair
from search.duplicates.evidence.table import TERMS
from search.duplicates.rules import Rules
from search.models import ComparedPart, EmbeddingSpace

KEEP_SECONDS = 5.0  # of work that a kill may cost
PAIR = np.dtype([("left", "<i4"), ("right", "<i4"), ("total", "<f8")])


class KeptPairs:
    """What was kept of an interrupted scan of exactly the same items by the same rules, and keeping what is new.

    `lists` are the lists of neighbours that need not be looked up again.
    """

    def __init__(self, collection: Collection, fingerprint: bytes) -> None:
        self.lists = 0
        self._collection, self._fingerprint = collection, fingerprint
        self._count, self._kept_at = 0, time.monotonic()

    def restore(self) -> dict[Pair, float]:
        """The pairs with their own log-odds, in the order in which they were compared; others are forgotten."""
        parts = ComparedPart.objects.filter(collection=self._collection)
        parts.exclude(fingerprint=self._fingerprint).delete()
        own: dict[Pair, float] = {}
        for lists, stored in parts.order_by("id").values_list("lists", "pairs"):
            self.lists = lists
            table = np.frombuffer(stored, dtype=PAIR)
            pairs = zip(table["left"].tolist(), table["right"].tolist(), strict=True)
            own.update(zip(pairs, table["total"].tolist(), strict=True))
        self._count = len(own)
        return own

    def keep(self, own: Mapping[Pair, float], lists: int, *, is_due: bool = False) -> None:
        """Stores what was compared since the last time, every few seconds or when it `is_due`."""
        if not is_due and time.monotonic() - self._kept_at < KEEP_SECONDS:
            return
        fresh = [(left, right, total) for (left, right), total in islice(own.items(), self._count, None)]
        pairs = np.array(fresh, dtype=PAIR).tobytes()
        ComparedPart.objects.create(
            collection=self._collection, fingerprint=self._fingerprint, lists=lists, pairs=pairs
        )
        self.lists, self._count, self._kept_at = lists, len(own), time.monotonic()


def forget(collection: Collection) -> None:
    """Removes what was kept: its pairs are stored as found."""
    ComparedPart.objects.filter(collection=collection).delete()


def fingerprint_of(
    records: Sequence[Record], vectors: Floats, space: EmbeddingSpace, rules: Rules, scorer: Scorer
) -> bytes:
    """What identifies all that the log-odds of a pair by its own evidence depend on."""
    digest = hashlib.blake2b(digest_size=16)
    weights = dict(sorted(scorer.weights.items()))
    digest.update(repr((space.pk, rules.across, rules.same, weights, scorer.intercept, TERMS)).encode())
    for record in records:
        facts = orjson.dumps([record.attributes, sorted(record.identifiers)], option=orjson.OPT_SORT_KEYS)
        digest.update(record.item_id.to_bytes(8, "big") + record.digest + facts)
    digest.update(np.ascontiguousarray(vectors).data)
    return digest.digest()
