"""How many pairs a decided pair stands for: people look at the doubtful ones first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

NEAR_THRESHOLD = 2.5  # log-odds around the threshold: people look at these pairs first, so each stands for fewer others
HOPELESS_LOG_ODDS = -9.0  # log-odds below which nobody would look at a pair

Key = TypeVar("Key", bound=Hashable)


def band_of(total: float) -> int:
    """Far below the threshold, near it, or far above it."""
    return -1 if total < -NEAR_THRESHOLD else 1 if total > NEAR_THRESHOLD else 0


def stands_for(totals: Mapping[Key, float], known: Iterable[Key]) -> dict[Key, float]:
    """How many pairs of its band each decided pair stands for; `totals` are the log-odds of all pairs."""
    everyone = Counter(band_of(total) for total in totals.values() if total >= HOPELESS_LOG_ODDS)
    bands = {pair: band_of(totals[pair]) for pair in known}
    decided = Counter(bands.values())
    return {pair: max(everyone[band] / decided[band], 1.0) for pair, band in bands.items()}
