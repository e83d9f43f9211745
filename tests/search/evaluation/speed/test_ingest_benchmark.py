"""The figures of saving and embedding, taken at the smallest size: that they are measured, not how large they are."""

from __future__ import annotations

import json
import threading
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog.models import Collection, Item
from catalog.services.items import save_item
from catalog.signals import items_changed
from search.embedding.queue import pipeline, wakeup
from search.evaluation.speed import ingest_benchmark
from search.evaluation.speed.ingest_benchmark import measure_pipeline, measure_saving
from search.models import ItemEmbedding
from tests.factories import make_collection, shop_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return shop_of(*({"title": f"lamp number {n}", "body": "bright " * n} for n in range(8)))


def test_bare_saves_are_saved_without_triggers_and_these_are_on_again_afterwards(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[tuple[str, bool]] = []
    woken: list[int] = []
    monkeypatch.setattr(wakeup, "wake", lambda: woken.append(1))

    def noting(**options: Any) -> Any:
        item, outcome = save_item(**options)
        saved.append((item.external_id, ItemEmbedding.objects.filter(item=item).exists()))
        return item, outcome

    monkeypatch.setattr(ingest_benchmark, "save_item", noting)
    cost = measure_saving(shop, 3)
    assert cost.saves == 3
    assert cost.overhead_ms == pytest.approx(cost.with_akin_ms - cost.bare_ms, abs=0.002)
    assert saved == [(str(n), n % 2 == 0) for n in range(16)], "with Akin and bare in turn"
    assert Item.objects.count() == 8
    item = Item.objects.create(collection=shop, external_id="after", title="lamp")
    assert ItemEmbedding.objects.filter(item=item).exists()
    items_changed.send(sender=None, collection_id=shop.pk)
    assert woken


def test_the_pipeline_embeds_every_item_and_is_compared_with_the_encoder(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[int] = []
    embed = pipeline.embed
    monkeypatch.setattr(pipeline, "embed", lambda claimed: embedded.append(embed(claimed)))
    rate = measure_pipeline(shop, 20)
    assert (embedded, rate.items) == ([20], 20)
    assert rate.share == pytest.approx(rate.pipeline_per_second / rate.encoder_per_second, abs=0.001)


@pytest.mark.django_db(transaction=True)
def test_the_command_prints_what_was_asked_for(shop: Collection) -> None:
    ended = threading.Event()

    def work() -> None:
        while not ended.is_set():
            pipeline.drain()
            ended.wait(0.02)
        connection.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        out = StringIO()
        words = ("--collection", "shop", "--without-search", "--time-to-search", "2", "--json")
        call_command("benchmark", *words, stdout=out)
    finally:
        ended.set()
        worker.join()
    figures = json.loads(out.getvalue())
    assert set(figures) == {"collection", "time_to_search"}
    assert figures["time_to_search"]["saves"] == 2
    assert 0 < figures["time_to_search"]["p50_seconds"] <= figures["time_to_search"]["p95_seconds"]


def test_without_a_worker_or_items_it_says_so(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_benchmark, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(CommandError, match="is one running"):
        call_command("benchmark", "--collection", "shop", "--without-search", "--time-to-search", "1")
    assert not Collection.objects.filter(slug__startswith="benchmark-").exists()
    make_collection("empty")
    with pytest.raises(CommandError, match="'empty' has no items"):
        call_command("benchmark", "--collection", "empty", "--without-search", "--saving", "1")
