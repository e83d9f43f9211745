"""What saving costs a request, how soon a saved item is found, and what the pipeline adds to the bare encoder."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import numpy as np
import pgtrigger
from django.db import transaction

from catalog.errors import CatalogError
from catalog.models import Collection, Item
from catalog.schemas import ItemInput, parse_item
from catalog.services.collections import create_collection, delete_collection
from catalog.services.items import save_item, upsert_items
from search.embedding.encoders.registry import Encoder, encoder_of
from search.embedding.queue import claims, pipeline, wakeup
from search.embedding.spaces.lifecycle import active_space
from search.embedding.text import embedded_text, passage_spans
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from search.retrieval.upkeep import indexes

TRIGGERS = ("search.EmbeddedItem:item_inserted_is_pending", "search.EmbeddedItem:item_changed_is_pending")
WARM_UP = 5  # saves that do not count
POLL_SECONDS = 0.005
PATIENCE_SECONDS = 60.0


class NoWorker(CatalogError):
    """Nobody embedded a saved item in time."""

    code = "no_worker"


@dataclass(frozen=True, slots=True)
class SavingCost:
    """Medians of one save in milliseconds, with all that Akin adds to it and without."""

    with_akin_ms: float
    bare_ms: float
    overhead_ms: float
    saves: int


@dataclass(frozen=True, slots=True)
class TimeToSearch:
    """From before an item is saved until its vectors are stored, in seconds."""

    p50_seconds: float
    p95_seconds: float
    saves: int


@dataclass(frozen=True, slots=True)
class PipelineRate:
    """Items a second on the same texts; `share` is the pipeline's of the encoder's."""

    pipeline_per_second: float
    encoder_per_second: float
    share: float
    items: int


@contextmanager
def passing_collection() -> Iterator[Collection]:
    """A private collection that is gone afterwards."""
    collection = create_collection(slug=f"benchmark-{uuid.uuid4().hex[:12]}", visibility="private")
    try:
        yield collection
    finally:
        delete_collection(collection=collection)
        indexes.build_missing()


def measure_saving(source: Collection, saves: int) -> SavingCost:
    """Saves items one by one, in turn with Akin and bare: its triggers do nothing, and nobody wakes the workers."""
    entries = _entries(source, 2 * (saves + WARM_UP))
    times: dict[bool, list[float]] = {True: [], False: []}
    with passing_collection() as collection:
        for number, entry in enumerate(entries):
            is_bare = number % 2 == 1
            with _bare() if is_bare else nullcontext():
                times[is_bare].append(_timed(partial(save_item, collection=collection, entry=entry)))
    full, bare = (float(np.median(times[is_bare][WARM_UP:])) * 1_000 for is_bare in (False, True))
    return SavingCost(round(full, 3), round(bare, 3), round(full - bare, 3), len(times[True]) - WARM_UP)


@contextmanager
def _bare() -> Iterator[None]:
    wakeup.disconnect()
    try:
        with pgtrigger.ignore(*TRIGGERS):
            yield
    finally:
        wakeup.connect()


def measure_time_to_search(source: Collection, saves: int) -> TimeToSearch:
    """Saves items one by one and waits for each until a worker has embedded it. Raises NoWorker."""
    space, taken = active_space(), []
    with passing_collection() as collection:
        for entry in _entries(source, saves):
            started = time.perf_counter()
            item, _ = save_item(collection=collection, entry=entry)
            while not _is_embedded(item, space.pk):
                if time.perf_counter() - started > PATIENCE_SECONDS:
                    raise NoWorker(f"No worker embedded a saved item within {PATIENCE_SECONDS:.0f} s: is one running?")
                time.sleep(POLL_SECONDS)
            taken.append(time.perf_counter() - started)
    p50, p95 = (round(float(value), 3) for value in np.percentile(taken, [50, 95]))
    return TimeToSearch(p50, p95, len(taken))


def _is_embedded(item: Item, space_id: int) -> bool:
    return ItemEmbedding.objects.filter(item=item, space=space_id, state=EmbeddingState.EMBEDDED).exists()


def measure_pipeline(source: Collection, count: int) -> PipelineRate:
    """Embeds that many items through claim, passages, encoder and store, and encodes the same passages alone.

    In this process; running workers never see these items, but they should be idle.
    """
    entries = _entries(source, count)
    encoder = encoder_of(active_space())
    passages = sorted(_passages(encoder, entries), key=len)
    encoder.encode_documents(passages[:8])
    with passing_collection() as collection:
        with transaction.atomic():
            upsert_items(collection=collection, entries=entries)
            started = time.perf_counter()
            claims = _claims(collection)
        for claimed in claims:
            pipeline.embed(claimed)
        through_pipeline = time.perf_counter() - started
    alone = _timed(lambda: encoder.encode_documents(passages))
    rates = len(entries) / through_pipeline, len(entries) / alone
    return PipelineRate(round(rates[0], 1), round(rates[1], 1), round(rates[0] / rates[1], 3), len(entries))


def _claims(collection: Collection) -> list[list[claims.Claimed]]:
    """All items of the collection in claims of the usual size; before the commit, so that no worker is faster."""
    claimed = []
    while slice_of_queue := claims.claim(pipeline.CLAIM_SIZE, collection_id=collection.pk):
        claimed.append(slice_of_queue)
    return claimed


def _passages(encoder: Encoder, entries: Sequence[ItemInput]) -> list[str]:
    texts = [embedded_text(entry.title, entry.body) for entry in entries]
    offsets = encoder.token_offsets(texts)
    spans = [passage_spans(text, one, encoder.max_tokens) for text, one in zip(texts, offsets, strict=True)]
    return [text[span.start : span.end] for text, of_text in zip(texts, spans, strict=True) for span in of_text]


def _entries(source: Collection, count: int) -> list[ItemInput]:
    """Texts of the collection's items, each made different from all others; they begin anew where there are too few."""
    rows = list(Item.objects.filter(collection=source).order_by("text_digest").values_list("title", "body")[:count])
    if not rows:
        raise CatalogError(f"The collection '{source.slug}' has no items to measure with.")
    return [
        parse_item({"external_id": str(n), "title": f"{title[:900]} {n}", "body": body})
        for n, (title, body) in ((n, rows[n % len(rows)]) for n in range(count))
    ]


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
