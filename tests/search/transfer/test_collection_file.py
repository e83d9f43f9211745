"""A collection travels as one file: the same hits and decisions elsewhere, nothing embedded anew, damage refused."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Collection, Item, MergeRecord
from catalog.services.collections import delete_collection
from catalog.services.merge import merge_items, unmerge_items
from search.embedding.encoders.fake import FakeEncoder
from search.embedding.spaces.lifecycle import active_space
from search.models import (
    DuplicatePair,
    EmbeddingSpace,
    ItemEmbedding,
    ItemTopic,
    JudgedSet,
    Passage,
    Suggestion,
    Topic,
)
from search.models.duplicate import DuplicateDecision, PairState
from search.models.embedding import EmbeddingState, SpaceState
from tests.factories import add_items, find, make_searchable, shop_of

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = ["tent", "lamp", "boot", "stove", "rope", "map", "tarp", "mug"]


def run(command: str, *arguments: Any) -> str:
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


@pytest.fixture
def shop() -> Collection:
    items = [
        {"title": f"{word} {n}", "body": f"A {word}\tfor “hikers” \\ {n}\nÄ", "attributes": {"price": n + 0.1}}
        for n, word in enumerate(WORDS)
    ]
    return shop_of(*items, visibility="private", search_settings={"lexical_weight": 2})


def decide(shop: Collection, first: Item, second: Item) -> DuplicatePair:
    digests = {"first_digest": bytes(first.text_digest), "second_digest": bytes(second.text_digest)}
    pair, _ = DuplicatePair.objects.update_or_create(
        first=first,
        second=second,
        defaults={"collection": shop, "score": 0.625, "is_flagged": True, "state": PairState.DISMISSED, **digests},
    )
    for other in (second.pk, second.pk + 1_000_000):
        DuplicateDecision.objects.create(
            collection=shop,
            first_item_id=first.pk,
            second_item_id=other,
            decision=PairState.DISMISSED,
            score=0.625,
            decided_by_name="Ann",
            reason="two things",
            **digests,
        )
    return pair


def add_insight(shop: Collection, item: Item) -> None:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    centroid = [0.1] * active_space().dimensions
    coarse, fine = (
        Topic.objects.create(
            collection=shop, space=active_space(), level=level, name=name, centroid=centroid, computed_at=now
        )
        for level, name in enumerate(("outdoor", "tents"))
    )
    Topic.objects.filter(pk=fine.pk).update(parent=coarse, given_name="Our tents")
    ItemTopic.objects.create(item=item, collection=shop, topic=fine, similarity=0.5)
    Suggestion.objects.create(
        collection=shop, item=item, kind="outlier", score=3, neighbours=[item.pk, item.pk + 1], state="refused"
    )
    JudgedSet.objects.create(
        collection=shop, name="mine", queries=[{"id": "1", "text": "tent", "grades": {item.external_id: 2}}]
    )


def hits(shop: Collection) -> list[Any]:
    results = [find(shop, word) for word in ("tent", "hikers lamp", "price stove")]
    return [[(hit.external_id, hit.score, hit.snippet) for hit in result.hits] for result in results]


def test_the_same_hits_and_decisions_in_an_empty_database_without_embedding(
    shop: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = list(Item.objects.order_by("pk"))
    decide(shop, items[0], items[1])
    add_insight(shop, items[0])
    before, file = hits(shop), tmp_path / "shop.akin"
    vectors = list(Passage.objects.order_by("item", "ordinal").values_list("embedding", flat=True))
    run("export_collection", file, "--collection", "shop")
    delete_collection(collection=shop)
    EmbeddingSpace.objects.all().delete()

    monkeypatch.setattr(FakeEncoder, "encode_documents", _must_not_be_called)
    said = run("import_collection", file)
    again = Collection.objects.get()
    assert "8 × item" in said
    assert "workers embed" not in said
    assert hits(again) == before
    assert (again.visibility, again.search_settings) == ("private", {"lexical_weight": 2})
    assert set(ItemEmbedding.objects.values_list("state", flat=True)) == {EmbeddingState.EMBEDDED}
    restored = list(Passage.objects.order_by("item", "ordinal").values_list("embedding", flat=True))
    assert len(vectors) == 8
    assert restored == vectors

    new = {item.external_id: item for item in Item.objects.all()}
    pair = DuplicatePair.objects.get(first=new["i0"], second=new["i1"])
    assert (pair.state, pair.score) == (PairState.DISMISSED, 0.625)
    known, gone = DuplicateDecision.objects.order_by("second_item_id")
    assert (known.second_item_id, known.decided_by_name, known.reason) == (new["i1"].pk, "Ann", "two things")
    assert not Item.objects.filter(pk=gone.second_item_id).exists()
    topic = ItemTopic.objects.get(item=new["i0"]).topic
    assert (topic.given_name, topic.parent and topic.parent.name) == ("Our tents", "outdoor")
    assert Suggestion.objects.get().neighbours == [new["i0"].pk, new["i1"].pk]
    assert JudgedSet.objects.get().queries[0]["grades"] == {"i0": 2}


def _must_not_be_called(*args: object) -> None:
    raise AssertionError("something is embedded anew")


def test_beside_the_original_under_another_name(shop: Collection, tmp_path: Path) -> None:
    run("export_collection", tmp_path / "file", "--collection", "shop")
    with pytest.raises(CommandError, match="There is a collection 'shop' already"):
        run("import_collection", tmp_path / "file")
    run("import_collection", tmp_path / "file", "--collection", "copy")
    copy = Collection.objects.get(slug="copy")
    assert hits(copy) == hits(shop)
    assert [i.external_id for i in copy.items.all()] == [i.external_id for i in shop.items.all()]
    assert set(copy.items.values_list("created_at")) == set(shop.items.values_list("created_at"))


def test_a_merge_is_undone_in_the_copy(shop: Collection, tmp_path: Path) -> None:
    keeper, other, third = Item.objects.order_by("pk")[:3]
    merge_items(keeper=other, other=third)
    merge_items(keeper=keeper, other=Item.objects.get(pk=other.pk))
    run("export_collection", tmp_path / "file", "--collection", "shop")
    run("import_collection", tmp_path / "file", "--collection", "copy")
    record = MergeRecord.objects.filter(collection__slug="copy").order_by("-id")[0]
    assert record.other.merged_into == record.keeper
    unmerge_items(record=record)
    copied = Item.objects.get(collection__slug="copy", external_id=third.external_id)
    assert copied.merged_into is not None
    assert copied.merged_into.external_id == other.external_id


def test_what_was_not_embedded_yet_waits_in_the_copy(shop: Collection, tmp_path: Path) -> None:
    add_items(shop, {"title": "fresh"})
    run("export_collection", tmp_path / "file", "--collection", "shop")
    said = run("import_collection", tmp_path / "file", "--collection", "copy")
    assert "1 items have no vector of this model yet" in said
    make_searchable(Collection.objects.get(slug="copy"))
    assert find(Collection.objects.get(slug="copy"), "fresh").hits[0].title == "fresh"


def test_vectors_of_another_model_are_refused_unless_the_items_may_be_embedded_anew(
    shop: Collection, tmp_path: Path
) -> None:
    run("export_collection", tmp_path / "file", "--collection", "shop")
    EmbeddingSpace.objects.update(document_prefix="passage: ")
    with pytest.raises(CommandError, match="Activate that model first"):
        run("import_collection", tmp_path / "file", "--collection", "copy")
    assert Collection.objects.count() == 1
    said = run("import_collection", tmp_path / "file", "--collection", "copy", "--embed-anew")
    assert "8 × passage" in said
    assert "8 items have no vector" in said


def test_the_model_of_the_file_answers_where_nothing_was_embedded_before(shop: Collection, tmp_path: Path) -> None:
    EmbeddingSpace.objects.update(name="theirs", query_prefix="query: ")
    run("export_collection", tmp_path / "file", "--collection", "shop")
    delete_collection(collection=shop)
    EmbeddingSpace.objects.update(name="ours", query_prefix="")
    run("import_collection", tmp_path / "file")
    assert EmbeddingSpace.objects.get(state=SpaceState.ACTIVE).query_prefix == "query: "


def rewrite(file: Path, change: Callable[[list[str]], list[str]]) -> None:
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
    file.write_bytes(gzip.compress("".join(change(lines)).encode()))


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(bytes(content))


def newer(lines: list[str]) -> list[str]:
    return [json.dumps({**json.loads(lines[0]), "version": 2}) + "\n", *lines[1:]]


DAMAGE: dict[str, Callable[[Path], Any]] = {
    "cut off": lambda file: file.write_bytes(file.read_bytes()[:-200]),
    "a byte flipped": flip,
    "a row changed": lambda file: rewrite(file, lambda lines: [line.replace("tent", "tant") for line in lines]),
    "a row left out": lambda file: rewrite(file, lambda lines: [*lines[:2], *lines[3:]]),
    "no end": lambda file: rewrite(file, lambda lines: lines[:-1]),
    "more after the end": lambda file: rewrite(file, lambda lines: [*lines, lines[1]]),
    "plain text": lambda file: file.write_text("external_id,title\n"),
    "something else in gzip": lambda file: file.write_bytes(gzip.compress(b'{"external_id": "1"}\n')),
    "empty": lambda file: file.write_bytes(b""),
    "of a newer version": lambda file: rewrite(file, newer),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_or_foreign_file_is_refused_and_leaves_nothing(damage: str, shop: Collection, tmp_path: Path) -> None:
    file = tmp_path / "shop.akin"
    run("export_collection", file, "--collection", "shop")
    DAMAGE[damage](file)
    with pytest.raises(CommandError, match=r"shop\.akin (is|ends|has|cannot)"):
        run("import_collection", file, "--collection", "copy")
    assert Collection.objects.count() == 1
    assert Item.objects.count() == 8
