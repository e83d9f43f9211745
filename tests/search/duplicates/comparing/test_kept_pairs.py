"""A scan that was killed: the next one goes on where it stopped, unless something has changed."""

from __future__ import annotations

import pytest

from catalog.models import Collection, Item
from search.duplicates.candidates import generation
from search.duplicates.comparing import kept_pairs
from search.duplicates.comparing.comparison import Comparer
from search.duplicates.comparing.scan import scan
from search.duplicates.evidence.structure import Pair
from search.embedding.queue import pipeline
from search.models import ComparedPart, DuplicatePair
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
THINGS = ["lamp", "rope", "stove", "kettle", "ladder", "hammer"]


class Killed(BaseException):
    """As a process ends that is told to end at once."""


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[Pair]:
    """The pairs that scans compare from candidates; every list and every step is kept at once."""
    seen: list[Pair] = []
    own = Comparer.own

    def watched(self: Comparer, pair: Pair, cosine: float | None = None) -> float:
        if cosine is not None:
            seen.append(pair)
        return own(self, pair, cosine)

    monkeypatch.setattr(Comparer, "own", watched)
    monkeypatch.setattr(kept_pairs, "KEEP_SECONDS", 0)
    monkeypatch.setattr(generation, "BLOCK", 2)
    return seen


@pytest.fixture
def collection() -> Collection:
    collection = make_collection()
    for colour in ("old", "odd"):
        add_items(collection, *({"title": f"{colour} {thing}", "body": f"For a {thing}."} for thing in THINGS))
    pipeline.drain()
    return collection


def kill_after(lists: int, collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    keep = kept_pairs.KeptPairs.keep

    def killed(self: kept_pairs.KeptPairs, own: dict[Pair, float], done: int, *, is_due: bool = False) -> None:
        keep(self, own, done, is_due=is_due)
        if done == lists:
            raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(kept_pairs.KeptPairs, "keep", killed)
        with pytest.raises(Killed):
            scan(collection=collection)


def found(collection: Collection) -> list[tuple[int, int, float]]:
    pairs = DuplicatePair.objects.filter(collection=collection).order_by("first_id", "second_id")
    return list(pairs.values_list("first_id", "second_id", "score"))


def test_a_killed_scan_goes_on_where_it_stopped_and_finds_the_same(
    collection: Collection, compared: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(collection=collection)
    at_once, expected = list(compared), found(collection)
    assert not ComparedPart.objects.exists()
    compared.clear()
    kill_after(3, collection, monkeypatch)
    before = list(compared)
    assert 0 < len(before) < len(at_once)
    compared.clear()
    scan(collection=collection)
    assert set(before).isdisjoint(compared)
    assert sorted(before + compared) == sorted(at_once)
    assert found(collection) == expected
    assert not ComparedPart.objects.exists()


def test_what_was_kept_of_other_items_is_forgotten(
    collection: Collection, compared: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    kill_after(3, collection, monkeypatch)
    before = list(compared)
    compared.clear()
    Item.objects.filter(pk=collection.items.earliest("pk").pk).update(attributes={"price": 3})
    scan(collection=collection)
    assert set(before) <= set(compared)


def test_what_was_kept_goes_with_its_collection(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_pairs, "KEEP_SECONDS", 0)
    kill_after(1, collection, monkeypatch)
    assert ComparedPart.objects.exists()
    collection.delete()
    assert not ComparedPart.objects.exists()
