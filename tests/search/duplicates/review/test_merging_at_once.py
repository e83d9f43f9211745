"""Two people merge, or undo, the same pair at the same time: one of them is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

import pytest
from django.db import connection

from catalog.access import Actor
from catalog.errors import Conflict
from catalog.models import Item, MergeRecord
from catalog.services.merge import merge_items, unmerge_items
from search.duplicates.review.merging import merge_pair, pair_of, unmerge_pair
from search.models import DuplicatePair
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = [Actor(rank=3, name="Ann"), Actor(rank=3, name="Bob")]


def at_once(act: Callable[[Actor], object]) -> list[str]:
    """What each of two people is told."""
    start = Barrier(2, timeout=30)

    def one(actor: Actor) -> str:
        try:
            start.wait()
            act(actor)
            return "done"
        except Conflict:
            return "conflict"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        return sorted(pool.map(one, PEOPLE))


def test_a_pair_is_merged_once_and_undone_once() -> None:
    first, second = add_items(make_collection(), {"title": "Dome tent"}, {"title": "Dome tents"})

    def merge(actor: Actor) -> None:
        """Each keeps the item that the other would merge away."""
        keeper = first if actor.name == "Ann" else second
        merge_pair(pair=DuplicatePair.objects.get(), keeper_id=keeper.pk, actor=actor)

    def unmerge(record: MergeRecord, actor: Actor) -> None:
        unmerge_pair(record=record, actor=actor)

    for _ in range(3):
        pair_of(first, second)
        assert at_once(merge) == ["conflict", "done"]
        assert Item.objects.filter(merged_into__isnull=False).count() == 1
        record = MergeRecord.objects.get(undone_at=None)
        assert DuplicatePair.objects.get().decided_by_name == record.merged_by_name
        assert at_once(partial(unmerge, record)) == ["conflict", "done"]
        assert not Item.objects.filter(merged_into__isnull=False).exists()
        assert not DuplicatePair.objects.exists()  # nothing but the merge had made it


def test_what_a_merge_takes_along_is_waited_for_and_not_in_a_circle() -> None:
    """What was merged into the other item before is written after both items, though its id may be the lowest."""
    first, keeper, other = add_items(make_collection(), *({"title": f"Dome tent {n}"} for n in range(3)))
    merge_items(keeper=other, other=first)

    def merge(actor: Actor) -> None:
        for _ in range(30):
            if actor is PEOPLE[0]:
                unmerge_items(record=merge_items(keeper=keeper, other=other))
            else:
                with pytest.raises(Conflict):
                    merge_items(keeper=other, other=first)

    assert at_once(merge) == ["done", "done"]
