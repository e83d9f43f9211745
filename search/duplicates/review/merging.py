"""Merging the two items of a pair and undoing that: the catalog merges, the decision about the pair goes along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from catalog.access import Actor
from catalog.errors import Conflict, InvalidInput
from catalog.locks import Lock, hold_until_commit
from catalog.models import Item, MergeRecord
from catalog.models.item import Status
from catalog.services.merge import Side, count_incoming, merge_items, unmerge_items
from search.duplicates.review.decisions import Decision, decide, settled_digests
from search.duplicates.review.keeper import Choice, Facts, choose
from search.models import DuplicatePair
from search.models.duplicate import IS_APART, PairState

UNDONE = "The merge was undone."


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which item to keep, which goes into it, and why."""

    keeper: Item
    other: Item
    reason: str


def suggest_keeper(pair: DuplicatePair) -> Suggestion:
    """The item to keep: see `search.duplicates.review.keeper`."""
    return suggest_keepers([pair])[pair.pk]


def suggest_keepers(pairs: Sequence[DuplicatePair]) -> dict[int, Suggestion]:
    """The suggestion for each pair, by its id; the pairs' items have to be read already."""
    facts = facts_of(item for pair in pairs for item in (pair.first, pair.second))
    found = {}
    for pair in pairs:
        choice = choose([facts[pair.first_id], facts[pair.second_id]])
        is_first = choice.item_id == pair.first_id
        keeper, other = (pair.first, pair.second) if is_first else (pair.second, pair.first)
        found[pair.pk] = Suggestion(keeper, other, choice.reason)
    return found


def choose_keeper(items: Iterable[Item]) -> Choice:
    """The one of some items to keep."""
    return choose(list(facts_of(items).values()))


def facts_of(items: Iterable[Item]) -> dict[int, Facts]:
    """What speaks for keeping each of the items, by its id."""
    by_id = {item.pk: item for item in items}
    incoming = count_incoming(by_id)
    return {pk: _facts(item, incoming[pk]) for pk, item in sorted(by_id.items())}


def merge_pair(
    *,
    pair: DuplicatePair,
    keeper_id: int,
    actor: Actor,
    field_choices: Mapping[str, Side] | None = None,
    reason: str = "",
) -> MergeRecord:
    """Confirms the pair and merges the other item into the keeper, in one transaction.

    Raises Conflict when one of them is merged already, or when that would unite what was said not to be the same.
    """
    if keeper_id not in (pair.first_id, pair.second_id):
        raise InvalidInput("The keeper has to be one of the two items.")
    keeper, other = (pair.first, pair.second) if keeper_id == pair.first_id else (pair.second, pair.first)
    with transaction.atomic():
        # What merges and undoes waits for each other: it also moves what was merged before, in no order of ids. Then
        # the items before the pair, as who deletes an item does.
        hold_until_commit(Lock.MERGES, pair.collection_id)
        list(Item.objects.filter(pk__in=[keeper.pk, other.pk]).order_by("pk").select_for_update().values_list("pk"))
        _check_apart(pair)
        decide(pair=pair, decision="confirmed", actor=actor, reason=reason)
        return merge_items(keeper=keeper, other=other, field_choices=field_choices, actor_name=actor.name)


def unmerge_pair(
    *, record: MergeRecord, actor: Actor, reason: str = UNDONE, before: Decision = "suggested"
) -> MergeRecord:
    """Undoes the merge, and the pair is what it was before: undecided, unless `before` says otherwise.

    A pair that nothing ever found, made only to merge two items, is gone again.
    """
    with transaction.atomic():
        undone = unmerge_items(record=record, actor_name=actor.name)
        pair = decide(pair=pair_of(undone.keeper, undone.other), decision=before, actor=actor, reason=reason)
        if pair.state == PairState.SUGGESTED and not pair.evidence and not pair.score:
            pair.delete()
    return undone


def pair_of(one: Item, other: Item) -> DuplicatePair:
    """The pair of two items, made without a score when nothing ever found it."""
    first, second = sorted((one, other), key=lambda item: item.pk)
    texts = dict(zip(("first_digest", "second_digest"), settled_digests(first.pk, second.pk), strict=True))
    made = {"collection_id": first.collection_id, "score": 0.0, "is_flagged": False, **texts}
    pair, _ = DuplicatePair.objects.get_or_create(first=first, second=second, defaults=made)
    pair.first, pair.second = first, second
    return pair


def merge_of(pair: DuplicatePair) -> MergeRecord | None:
    """The merge of the two items, while it is not undone."""
    either = Q(keeper=pair.first_id, other=pair.second_id) | Q(keeper=pair.second_id, other=pair.first_id)
    return MergeRecord.objects.filter(either, undone_at__isnull=True).first()


def merges_of_item(item: Item) -> list[MergeRecord]:
    """The merges into the item, and the one of it into another, that are not undone, the latest first."""
    records = MergeRecord.objects.filter(Q(keeper=item) | Q(other=item), undone_at__isnull=True)
    return list(records.select_related("keeper", "other"))


def _check_apart(pair: DuplicatePair) -> None:
    """What was merged into either item comes along, and must not meet what it was told apart from."""
    sides: dict[int, set[int]] = {pair.first_id: {pair.first_id}, pair.second_id: {pair.second_id}}
    for keeper_id, merged_id in Item.objects.filter(merged_into__in=sides).values_list("merged_into_id", "pk"):
        if keeper_id is not None:
            sides[keeper_id].add(merged_id)
    ours, theirs = sides.values()
    across = Q(first__in=ours, second__in=theirs) | Q(first__in=theirs, second__in=ours)
    dismissed = DuplicatePair.objects.filter(across & IS_APART).exclude(pk=pair.pk)
    apart = dismissed.select_related("first", "second").first()
    if apart is not None:
        names = f"“{apart.first}” ({apart.first.external_id}) and “{apart.second}” ({apart.second.external_id})"
        raise Conflict(f"{names} would become one, but were said not to be the same. Decide that pair anew first.")


def _facts(item: Item, incoming: int) -> Facts:
    return Facts(
        item_id=item.pk,
        is_published=item.status == Status.PUBLISHED,
        incoming=incoming,
        attributes=sum(value not in (None, "", []) for value in item.attributes.values()),
        text_length=len(item.body),
        has_image=bool(item.image),
        has_url=bool(item.url),
        created_at=item.created_at,
    )
