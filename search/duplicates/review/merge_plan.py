"""What merging several pairs at once would do, and which of them cannot go along. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ALREADY = "one of its items goes into another one before"
APART = "it would unite items that were said not to be the same"


@dataclass(frozen=True, slots=True)
class Planned:
    """A pair with the item that stays and the one that goes into it; `refusal` says why it is left out."""

    pair_id: int
    keeper_id: int
    other_id: int
    refusal: str = ""


def plan(merges: Sequence[Planned], apart: Iterable[tuple[int, int]] = ()) -> list[Planned]:
    """The merges in turn, with those refused that would touch a merged item or unite items that are kept apart.

    `apart` are pairs of items that were said not to be the same.
    """
    forbidden = {frozenset(pair) for pair in apart}
    gone: set[int] = set()
    members: dict[int, set[int]] = {}
    planned = []
    for merge in merges:
        ours, theirs = (members.get(item, {item}) for item in (merge.keeper_id, merge.other_id))
        refusal = merge.refusal
        if gone & {merge.keeper_id, merge.other_id}:
            refusal = ALREADY
        elif any(frozenset((one, other)) in forbidden for one in ours for other in theirs):
            refusal = APART
        if not refusal:
            gone.add(merge.other_id)
            members[merge.keeper_id] = ours | theirs
        planned.append(Planned(merge.pair_id, merge.keeper_id, merge.other_id, refusal))
    return planned
