"""What the other pairs say about a pair: rivals where sources are clean, common partners where things recur."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping

Pair = tuple[int, int]
BONUS, SLOPE, WIDEST_MARGIN, PENALTY = 2.0, 0.7, 6.0, 9.0
SUPPORT, EXPECTED_SUPPORT = 4.0, 0.3
CLEAN = 0.5
UNLIKELY, OUTVOTED = -2.0, 3.0


def is_clean(duplicated_inside: int, looked_at: int) -> bool:
    """Whether a source hardly repeats a thing: of items with a partner elsewhere, few have one inside too."""
    return looked_at == 0 or duplicated_inside < CLEAN * looked_at


Best = Mapping[tuple[int, Hashable], list[tuple[float, int]]]


def best_rivals(scores: Mapping[Pair, float], source_of: Callable[[int], Hashable]) -> Best:
    """For each item and source its two best pairs there as (log-odds, partner): enough to know any pair's rival."""
    best: dict[tuple[int, Hashable], list[tuple[float, int]]] = {}
    for (left, right), total in scores.items():
        for item, partner in ((left, right), (right, left)):
            ranked = best.setdefault((item, source_of(partner)), [])
            ranked.append((total, partner))
            ranked.sort(reverse=True)
            del ranked[2:]
    return best


def nearest_of_both(scores: Mapping[Pair, float]) -> dict[Pair, float]:
    """The pairs than which neither of their items has a better one."""
    best: dict[int, float] = {}
    for pair, total in scores.items():
        for item in pair:
            best[item] = max(best.get(item, total), total)
    return {pair: total for pair, total in scores.items() if total >= best[pair[0]] and total >= best[pair[1]]}


def margin(
    pair: Pair, total: float, best: Best, source_of: Callable[[int], Hashable], sides: Collection[int] = (0, 1)
) -> float:
    """How far a pair is ahead of the best rival of either item (behind when below 0), in log-odds."""
    ahead = WIDEST_MARGIN
    for side in sides:
        item, other = pair[side], pair[1 - side]
        rivals = [rival for rival, partner in best.get((item, source_of(other)), []) if partner != other]
        ahead = min(ahead, total - rivals[0]) if rivals else ahead
    return ahead


def rivalry(ahead: float) -> float:
    """Log-odds added for being each other's best pair by a margin, taken off for being second."""
    return BONUS + SLOPE * min(ahead, WIDEST_MARGIN) if ahead >= 0 else -PENALTY


def with_rivals(
    scores: Mapping[Pair, float], source_of: Callable[[int], Hashable], is_clean_source: Callable[[int], bool]
) -> dict[Pair, float]:
    """Log-odds after rivalry, on the sides of a pair whose partner comes from a source that hardly repeats a thing."""
    best = best_rivals(scores, source_of)
    settled = {}
    for pair, total in scores.items():
        sides = [side for side in (0, 1) if is_clean_source(pair[1 - side])]
        settled[pair] = total + (rivalry(margin(pair, total, best, source_of, sides)) if sides else 0.0)
    return settled


def partners(scores: Mapping[Pair, float], least: float) -> dict[int, set[int]]:
    """For each item those it is paired with at `least` log-odds or more."""
    found: dict[int, set[int]] = defaultdict(set)
    for (left, right), total in scores.items():
        if total >= least:
            found[left].add(right)
            found[right].add(left)
    return found


def two_steps(found: Mapping[int, Collection[int]], most: int, widest: int = 200) -> set[Pair]:
    """Pairs with a partner in common: candidates that a limited number of neighbours leaves out.

    Stops at `most` pairs, so that thousands of items of one text do not pair each with each.
    """
    pairs: set[Pair] = set()
    for item in sorted(found):
        near = sorted(found[item])[:widest]
        for at, left in enumerate(near):
            pairs.update((left, right) for right in near[at + 1 :])
        if len(pairs) > most:
            break
    return pairs


def with_support(scores: Mapping[Pair, float], found: Mapping[int, set[int]]) -> dict[Pair, float]:
    """Log-odds after asking whether two items have the same other partners; silent where there are fewer than two."""
    return {pair: total + support(pair, found) for pair, total in scores.items()}


def support(pair: Pair, found: Mapping[int, set[int]]) -> float:
    """Log-odds for the share of common partners among all partners of either item."""
    left, right = pair
    ours, theirs = found.get(left, set()) - {right}, found.get(right, set()) - {left}
    together = len(ours | theirs)
    return SUPPORT * (len(ours & theirs) / together - EXPECTED_SUPPORT) if together > 1 else 0.0


def without_outvoted(scores: Mapping[Pair, float], own: Mapping[Pair, float]) -> dict[Pair, float]:
    """Log-odds after asking the better partners of either item whether they are the other item, too.

    An item that is the same as two others makes these the same: where more of the better partners say that they are
    another thing than that they are the same, the pair loses.
    """
    better: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (left, right), total in scores.items():
        if total >= 0:
            better[left].append((right, total))
            better[right].append((left, total))
    return {
        pair: total - OUTVOTED * (total >= UNLIKELY and _votes(pair, total, better, own) > 0)
        for pair, total in scores.items()
    }


def _votes(pair: Pair, total: float, better: Mapping[int, list[tuple[int, float]]], own: Mapping[Pair, float]) -> int:
    """Of the partners of either item above `total`, those that are not the other item less those that are."""
    votes = 0
    for item, other in (pair, pair[::-1]):
        for partner, score in better.get(item, ()):
            if score > total and partner != other:
                said = own.get((partner, other) if partner < other else (other, partner))
                votes += said is not None and said < UNLIKELY
                votes -= said is not None and said >= 0
    return votes
