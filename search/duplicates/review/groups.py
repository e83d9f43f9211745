"""Groups of items that are the same thing: reading one, leaving a member out, and merging all into one item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.db import transaction

from catalog.access import Actor
from catalog.errors import Conflict
from catalog.models import Item
from search.duplicates.review.decisions import Decision, decide
from search.duplicates.review.keeper import Choice
from search.duplicates.review.merging import choose_keeper, merge_pair, pair_of
from search.duplicates.review.pairs import group_of_item
from search.duplicates.review.review import Step
from search.models import DuplicatePair
from search.models.duplicate import IS_APART

EXCLUDED = "Left out of the group."


@dataclass(frozen=True, slots=True)
class Group:
    """Two or more items, the pairs among them that are not dismissed, and the member to keep."""

    members: list[Item]
    pairs: list[DuplicatePair]
    suggestion: Choice

    @property
    def ids(self) -> list[int]:
        return [item.pk for item in self.members]

    def pairs_of(self, item_id: int) -> list[DuplicatePair]:
        """The pairs of a member inside the group."""
        return [pair for pair in self.pairs if item_id in (pair.first_id, pair.second_id)]


def read_group(item: Item) -> Group | None:
    """The group that the item is in, as it is now."""
    ids = group_of_item(item)
    if not ids:
        return None
    members = Item.objects.light().in_bulk(ids)
    rows = DuplicatePair.objects.filter(first__in=ids, second__in=ids).exclude(IS_APART)
    pairs = list(rows.defer("evidence").order_by("-score", "id"))
    for pair in pairs:
        pair.first, pair.second = members[pair.first_id], members[pair.second_id]
    ordered = [members[pk] for pk in ids]
    return Group(ordered, pairs, choose_keeper(ordered))


def merge_group(*, keeper: Item, member_ids: Iterable[int], actor: Actor) -> list[Step]:
    """Merges all other members into the keeper, all or none.

    `member_ids` are those that the person saw. Raises Conflict when the group is another one by now.
    """
    steps = []
    with transaction.atomic():
        group = _same_group(keeper, member_ids)
        for member in group.members:
            if member.pk != keeper.pk:
                pair = pair_of(keeper, member)
                before = cast("Decision", pair.state)
                record = merge_pair(pair=pair, keeper_id=keeper.pk, actor=actor)
                steps.append(Step(pair.pk, "confirmed", before, record.pk))
    return steps


def exclude_member(*, member: Item, member_ids: Iterable[int], actor: Actor) -> list[Step]:
    """Says that the member is not the same as those it is paired with in the group; the others stay a group.

    Raises Conflict when the group is another one by now.
    """
    steps = []
    with transaction.atomic():
        for pair in _same_group(member, member_ids).pairs_of(member.pk):
            before = cast("Decision", pair.state)
            decide(pair=pair, decision="dismissed", actor=actor, reason=EXCLUDED)
            steps.append(Step(pair.pk, "dismissed", before))
    return steps


def _same_group(item: Item, member_ids: Iterable[int]) -> Group:
    group = read_group(item)
    if group is None or set(group.ids) != set(member_ids):
        raise Conflict("The group has changed since you looked at it.")
    return group
