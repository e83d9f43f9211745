"""How many pairs a decided pair stands for: people look at the doubtful ones first. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar
from zlib import crc32

NEAR_THRESHOLD = 2.5  # log-odds around the threshold: people look at these pairs first, so each stands for fewer others
HOPELESS_LOG_ODDS = -9.0  # log-odds below which nobody would look at a pair

DOUBT = 0.5  # part of what a decision teaches that comes from doubt; the rest is chance

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


def informs(first_id: int, second_id: int, score: float) -> float:
    """How much deciding a pair would teach, in [0, 1]: the more the more doubtful it is, and by chance.

    Decisions on doubtful pairs alone would never show that sure ones are wrong, and nobody knows which those are.
    The chance is the pair's own, so that the order stays the same from scan to scan.
    """
    digest = crc32(f"{first_id}-{second_id}".encode())
    return DOUBT * 4 * score * (1 - score) + (1 - DOUBT) * digest / 2**32
