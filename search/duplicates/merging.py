"""Merging the two items of a pair and undoing that: the catalog merges, the decision about the pair goes along."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction

from catalog.access import Actor
from catalog.errors import InvalidInput
from catalog.models import Item, MergeRecord
from catalog.services.merge import Side, merge_items, unmerge_items
from search.duplicates.decisions import decide
from search.models import DuplicatePair


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which item to keep, and why."""

    keeper: Item
    reason: str


def suggest_keeper(pair: DuplicatePair) -> Suggestion:
    """The item that says more; of two that say as much, the older one."""
    first, second = pair.first, pair.second
    facts = len(_facts(first)), len(_facts(second))
    if facts[0] != facts[1]:
        return Suggestion(first if facts[0] > facts[1] else second, f"{max(facts)} attributes against {min(facts)}")
    lengths = len(first.body), len(second.body)
    if max(lengths) > 1.2 * min(lengths):
        return Suggestion(first if lengths[0] > lengths[1] else second, "the longer text")
    if bool(first.image) != bool(second.image):
        return Suggestion(first if first.image else second, "has a picture")
    return Suggestion(first if first.created_at <= second.created_at else second, "the older one")


def merge_pair(
    *,
    pair: DuplicatePair,
    keeper_id: int,
    actor: Actor,
    field_choices: Mapping[str, Side] | None = None,
    reason: str = "",
) -> MergeRecord:
    """Confirms the pair and merges the other item into the keeper, in one transaction."""
    if keeper_id not in (pair.first_id, pair.second_id):
        raise InvalidInput("The keeper has to be one of the two items.")
    keeper, other = (pair.first, pair.second) if keeper_id == pair.first_id else (pair.second, pair.first)
    with transaction.atomic():
        decide(pair=pair, decision="confirmed", actor=actor, reason=reason)
        return merge_items(keeper=keeper, other=other, field_choices=field_choices, actor_name=actor.name)


def unmerge_pair(*, record: MergeRecord, actor: Actor, reason: str = "The merge was undone.") -> MergeRecord:
    """Undoes the merge; the two items are not the same from then on, and no scan says so again."""
    with transaction.atomic():
        undone = unmerge_items(record=record, actor_name=actor.name)
        first, second = sorted((undone.keeper, undone.other), key=lambda item: item.pk)
        pair, _ = DuplicatePair.objects.get_or_create(
            first=first,
            second=second,
            defaults={
                "collection_id": undone.collection_id,
                "score": 0.0,
                "is_flagged": False,
                "first_digest": bytes(first.text_digest),
                "second_digest": bytes(second.text_digest),
            },
        )
        decide(pair=pair, decision="dismissed", actor=actor, reason=reason)
    return undone


def _facts(item: Item) -> list[str]:
    return [name for name, value in item.attributes.items() if value not in (None, "", [])]
