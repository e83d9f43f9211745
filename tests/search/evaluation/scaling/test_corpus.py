"""A collection grows to any size by `scale_corpus`, and is searched there as anywhere."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from catalog.models import Collection, Item
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.factories import find, make_collection, shop_of

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = ("tent", "lamp", "boot", "stove", "rope", "map", "tarp", "mug")
SCHEMA = {"sku": {"type": "term", "identifier": True}, "price": {"type": "number"}}


@pytest.fixture
def shop() -> Collection:
    items = [
        {
            "title": f"{word} {n}",
            "body": " ".join(f"The {word} number {n} is for hikers {line}." for line in range(60 if n % 2 else 1)),
            "attributes": {"price": n, "sku": f"NRD-{n}"},
        }
        for n, word in enumerate(WORDS)
    ]
    return shop_of(*items, attribute_schema=SCHEMA)


def run(command: str, *arguments: Any) -> str:
    out = io.StringIO()
    call_command(command, *map(str, arguments), stdout=out, stderr=out)
    return out.getvalue()


def test_so_many_items_are_made_with_their_vectors(shop: Collection, tmp_path: Path) -> None:
    said = run("scale_corpus", tmp_path / "large.akin", "--collection", shop.slug, "--items", 40)
    assert "40 items" in said
    run("import_collection", tmp_path / "large.akin")
    large = Collection.objects.get(slug="shop-40")
    items = Item.objects.filter(collection=large)
    assert items.count() == 40
    assert not ItemEmbedding.objects.filter(collection=large).exclude(state=EmbeddingState.EMBEDDED).exists()
    assert all(0 <= item.attributes["draw"] < 1_000 and "sku" not in item.attributes for item in items)
    assert all("tent" in hit.title for hit in find(large, "tent").hits[:3])


def test_the_same_again_is_the_same_file(shop: Collection, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("scale_corpus", tmp_path / name, "--collection", shop.slug, "--items", 20)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_filters_of_every_share_are_measured(shop: Collection, tmp_path: Path) -> None:
    run("scale_corpus", tmp_path / "large.akin", "--collection", shop.slug, "--items", 300)
    run("import_collection", tmp_path / "large.akin")
    benchmark = ("benchmark", "--collection", "shop-300", "--without-search", "--filters", 20, "--json")
    figures = json.loads(run(*benchmark))["filters"]
    assert list(figures) == ["50%", "10%", "1%", "0.1%"]
    assert figures["50%"]["full_pages"] == 1.0
    assert figures["0.1%"]["full_pages"] == 0.0
    assert all(one["recall_at_10"] == 1.0 for one in figures.values())


def test_a_collection_without_numbers_drawn_cannot_be_filtered_so(shop: Collection) -> None:
    with pytest.raises(CommandError, match="scale_corpus"):
        run("benchmark", "--collection", shop.slug, "--without-search", "--filters", 5)


def test_nothing_is_made_of_nothing(tmp_path: Path) -> None:
    make_collection("bare")
    with pytest.raises(CommandError, match="no embedded items"):
        run("scale_corpus", tmp_path / "large.akin", "--collection", "bare", "--items", 5)
    with pytest.raises(CommandError, match="at least 1"):
        run("scale_corpus", tmp_path / "large.akin", "--collection", "bare", "--items", 0)
    assert not list(tmp_path.iterdir())
