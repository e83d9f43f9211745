"""The map: neighbours stay neighbours, re-runs lie as before, and it shows only what whoever looks may see."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind, RunState
from config import vendored
from search.embedding.queue import pipeline
from search.insight import tasks
from search.insight.map import points
from search.insight.map.computing import compute_map, place_new_items
from search.insight.runs import ask_for
from search.insight.topics.computing import compute_topics
from search.models import ItemPlace
from tests.factories import add_items, make_collection, make_searchable
from tests.search.insight.map.test_projection import laid_out

WORDS = ("tent porch pegs campsite", "pan frying steak handle", "lamp candle lantern wick")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.setattr("search.insight.map.computing.project", laid_out)
    collection = make_collection()
    add_items(
        collection,
        *(
            {"title": f"{words} {n}", "body": words, "attributes": {"brand": words[:4], "price": n}}
            for words in WORDS
            for n in range(10)
        ),
    )
    make_searchable(collection)
    compute_topics(collection, coarse_number=3)
    return collection


def read(client: Client, by: str = "topic") -> tuple[dict[str, Any], Any, list[int], list[int]]:
    body = client.get("/c/shop/insight/map/points", {"by": by}).content
    length = int.from_bytes(body[:4], "little")
    head = json.loads(body[4 : 4 + length])
    start, count = 4 + length, head["count"]
    assert start % 4 == 0 and len(body) == start + 14 * count
    places = np.frombuffer(body, "<f4", 2 * count, start).reshape(-1, 2)
    ids = np.frombuffer(body, "<u4", count, start + 8 * count) + head["first"]
    return head, places, ids.tolist(), np.frombuffer(body, "<u2", count, start + 12 * count).tolist()


@pytest.mark.django_db
def test_a_run_lays_out_all_items_and_new_ones_follow(shop: Collection) -> None:
    ask_for(RunKind.MAP, shop)
    tasks.do_waiting()
    assert Run.objects.get(kind=RunKind.MAP).state == RunState.FINISHED
    assert ItemPlace.objects.count() == 30
    (new,) = add_items(shop, {"title": f"{WORDS[0]} new", "body": WORDS[0]})
    pipeline.drain()
    assert place_new_items() == 1 and place_new_items() == 0
    place = ItemPlace.objects.get(item=new)
    others = ItemPlace.objects.filter(item__title__startswith=WORDS[0]).exclude(item=new)
    away = [np.hypot(place.x - other.x, place.y - other.y) for other in others]
    assert min(away) < 0.5


@pytest.mark.django_db
def test_a_cancelled_run_leaves_the_map_as_it_was(shop: Collection) -> None:
    compute_map(shop)
    before = set(ItemPlace.objects.values_list("item", "x", "y"))
    run = ask_for(RunKind.MAP, shop)
    Run.objects.update(cancel_requested=True)
    tasks.do_waiting()
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert set(ItemPlace.objects.values_list("item", "x", "y")) == before


@pytest.mark.django_db
def test_too_few_items_have_no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    collection = make_collection()
    add_items(collection, {"title": "tent"})
    make_searchable(collection)
    assert "note" in compute_map(collection)
    assert "There is no map yet" in Client().get("/c/shop/insight/map").content.decode()


@pytest.mark.django_db
def test_points_come_with_ids_colours_and_names_of_topics(shop: Collection, client: Client) -> None:
    compute_map(shop)
    head, places, ids, classes = read(client)
    assert head["count"] == head["total"] == 30 and sorted(ids) == sorted(shop.items.values_list("pk", flat=True))
    assert np.abs(places).max() <= 1 and set(classes) == {1, 2, 3}
    assert {label["level"] for label in head["labels"]} == {0, 1}
    head, _, _, classes = read(client, "brand")
    assert {entry["name"] for entry in head["legend"]} == {"tent", "pan ", "lamp"}
    head, _, _, classes = read(client, "price")
    assert sum(entry["count"] for entry in head["legend"]) == 30 and len(head["legend"]) == 5
    assert client.get("/c/shop/insight/map/points", {"by": "sku"}).status_code == 422


@pytest.mark.django_db
def test_of_too_many_items_a_sample_is_drawn(shop: Collection, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    compute_map(shop)
    monkeypatch.setattr(points, "MOST_POINTS", 10)
    head, _, ids, _ = read(client)
    assert 0 < head["count"] < 25 and head["total"] == 30 and read(client)[2] == ids


@pytest.mark.django_db
def test_hidden_items_are_neither_drawn_nor_named(shop: Collection, client: Client) -> None:
    compute_map(shop)
    hidden = shop.items.all()[0]
    Item.objects.filter(pk=hidden.pk).update(status="draft", title="Secret tent")
    assert hidden.pk not in read(client)[2]
    assert client.get(f"/c/shop/insight/map/items/{hidden.pk}").status_code == 404
    found = client.post("/c/shop/insight/map/chosen", {"ids": f"{hidden.pk},{hidden.pk + 1},x,-3,{2**70}"}).json()
    assert found["total"] == 1 and "Secret" not in str(found)


@pytest.mark.django_db
def test_items_of_other_collections_and_private_maps_are_missing(shop: Collection, client: Client) -> None:
    compute_map(shop)
    other = make_collection("other")
    (foreign,) = add_items(other, {"title": "foreign"})
    assert client.get(f"/c/shop/insight/map/items/{foreign.pk}").status_code == 404
    assert client.post("/c/shop/insight/map/chosen", {"ids": str(foreign.pk)}).json()["total"] == 0
    item = shop.items.all()[0]
    Collection.objects.filter(pk=shop.pk).update(visibility="private")
    for path in ("", "/points", "/hits?q=tent", f"/items/{item.pk}"):
        assert client.get(f"/c/shop/insight/map{path}").status_code == 404
    assert client.post("/c/shop/insight/map/chosen", {"ids": str(item.pk)}).status_code == 404


@pytest.mark.django_db
def test_hits_are_lit_up_and_listed_without_scripts_too(shop: Collection, client: Client) -> None:
    compute_map(shop)
    found = client.get("/c/shop/insight/map/hits", {"q": "tent"}).json()
    assert found["hits"] and all("tent" in hit["title"] for hit in found["hits"][:5])
    assert found["hits"][0]["url"] in client.get("/c/shop/insight/map", {"q": "tent"}).content.decode()
    assert client.get("/c/shop/insight/map/hits", {"q": "tent", "filter.price.gte": "x"}).status_code == 422


@pytest.mark.django_db
def test_only_curators_are_offered_what_is_done_to_many(shop: Collection, client: Client) -> None:
    compute_map(shop)
    assert "_selected" not in client.get("/c/shop/insight/map").content.decode()
    assert "Archive…" not in client.get("/c/shop/insight/map").content.decode()
    client.force_login(User.objects.create_user("ada", is_staff=True, is_superuser=True))
    assert "Archive…" in client.get("/c/shop/insight/map").content.decode()


@pytest.mark.django_db
def test_choosing_needs_the_form_of_this_site(shop: Collection) -> None:
    assert Client(enforce_csrf_checks=True).post("/c/shop/insight/map/chosen", {"ids": "1"}).status_code == 403


@pytest.mark.django_db
def test_without_its_library_the_page_shows_lists(
    shop: Collection, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute_map(shop)
    monkeypatch.setattr("search.insight.page.map_views.is_renderer_there", lambda: False)
    page = client.get("/c/shop/insight/map").content.decode()
    assert "cannot be drawn here" in page and "deck.gl.js" not in page and "/c/shop/topics/" in page


def test_another_package_than_the_one_that_is_meant_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "other.tgz"
    with tarfile.open(package, "w:gz") as archive:
        for name in vendored.TAKEN:
            member = tarfile.TarInfo(name)
            member.size = 2
            archive.addfile(member, io.BytesIO(b"ok"))
    with pytest.raises(vendored.NotTaken, match="not the"):
        vendored.take(package, tmp_path / "out")
    monkeypatch.setattr(vendored, "SHA512", base64.b64encode(hashlib.sha512(package.read_bytes()).digest()).decode())
    vendored.take(package, tmp_path / "out")
    assert (tmp_path / "out" / "deck.gl.js").read_bytes() == b"ok"
    assert vendored.main([str(tmp_path / "missing.tgz")]) == 1


def test_web_and_embedding_processes_do_not_import_what_computes_maps() -> None:
    code = (
        "import django; django.setup(); import config.urls, config.celery, sys;"
        "config.celery.app.loader.import_default_modules();"
        "from django.urls import get_resolver; get_resolver().url_patterns;"
        "print([name for name in ('umap', 'numba', 'llvmlite', 'pynndescent') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip().endswith("[]")
