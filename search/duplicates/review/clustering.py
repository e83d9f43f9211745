"""Groups of duplicates, formed on reading: no chain grows past a diameter and no decision against is overruled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

Pair = tuple[int, int]
MAX_DIAMETER = 2


def groups(
    scores: Mapping[Pair, float], apart: Collection[Pair] = frozenset(), diameter: int = MAX_DIAMETER
) -> list[list[int]]:
    """Groups of two or more, joined along pairs from the best score down.

    `scores` holds confirmed (score 1) and flagged pairs as (smaller, larger) item; `apart` the pairs a curator said
    are not the same. Two groups are joined only where every member stays within `diameter` pairs of every other.
    """
    links = _links(scores)
    forbidden = _links(apart)
    group_of: dict[int, set[int]] = {item: {item} for item in links}
    for left, right in sorted(scores, key=lambda pair: (-scores[pair], pair)):
        ours, theirs = group_of[left], group_of[right]
        if ours is theirs or not _may_join(ours, theirs, links, forbidden, diameter):
            continue
        ours |= theirs
        for item in theirs:
            group_of[item] = ours
    distinct = {id(group): sorted(group) for group in group_of.values() if len(group) > 1}
    return sorted(distinct.values())


def _links(pairs: Iterable[Pair]) -> dict[int, set[int]]:
    links: dict[int, set[int]] = {}
    for left, right in pairs:
        links.setdefault(left, set()).add(right)
        links.setdefault(right, set()).add(left)
    return links


def _may_join(
    ours: set[int], theirs: set[int], links: Mapping[int, set[int]], forbidden: Mapping[int, set[int]], diameter: int
) -> bool:
    if any(forbidden.get(item, set()) & theirs for item in ours):
        return False
    members = ours | theirs
    return all(theirs <= _within(item, members, links, diameter) for item in ours)


def _within(start: int, members: set[int], links: Mapping[int, set[int]], steps: int) -> set[int]:
    """The members reached from `start` in so many steps along pairs inside the group."""
    reached, edge = {start}, {start}
    for _ in range(steps):
        edge = set().union(*(links[item] for item in edge)) & members - reached
        reached |= edge
    return reached
