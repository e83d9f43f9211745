"""How fast a collection is searched and filled, measured on this machine; every figure has its own function."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote, urlsplit

import psutil
from django.conf import settings

from catalog.models import Collection, Item
from search.embedding.encoders.registry import encoder_of
from search.embedding.query_vectors import query_vector
from search.embedding.spaces.lifecycle import active_space
from search.embedding.storage import sql_of
from search.embedding.text import embedded_text
from search.evaluation.speed import latency
from search.related.neighbours import nearest_items
from search.retrieval.query.parsing import parse_query
from search.retrieval.query.query_words import query_words
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import Conditions
from search.retrieval.ranking.index_query import fetch
from search.retrieval.search import search
from search.retrieval.types import Mode, SearchRequest

NUM_FACETS = 3  # counted by each measured search


def sample_queries(collection: Collection, count: int, seed: int = latency.SEED) -> list[str]:
    """Distinct queries: runs of words out of random items' texts. Deterministic for a collection's content."""
    generator = random.Random(seed)
    ids = list(Item.objects.visible().filter(collection=collection).order_by("id").values_list("id", flat=True))
    chosen = generator.sample(ids, min(count, len(ids)))
    texts = Item.objects.filter(id__in=chosen).order_by("id").values_list("title", "body")
    return latency.queries_from([f"{title} {body}" for title, body in texts], generator)


def measure_search(collection: Collection, queries: Sequence[str], mode: Mode) -> latency.Latencies:
    """The search function alone, in this process."""
    facets = tuple(collection.attribute_schema)[:NUM_FACETS]
    return latency.measure(queries, lambda q: search(SearchRequest(collection, q, mode=mode, facets=facets)), clients=1)


NEAREST = """
    SELECT p.item_id FROM search_passage p WHERE p.space_id = {space} AND p.collection_id = {collection}
    ORDER BY {order} LIMIT {limit}
"""


def measure_bare(collection: Collection, queries: Sequence[str]) -> latency.Latencies:
    """What a search cannot do without: the encoder, and both legs' SQL with no more around it."""
    space = active_space()
    vectors = sql_of(space)
    names = {"space": space.pk, "collection": collection.pk, "order": vectors.order(), "limit": legs.NUM_PASSAGES}

    def ask(query: str) -> None:
        vector = encoder_of(space).encode_query(query)
        fetch(NEAREST.format(**names), {"query": vectors.query_text(vector)})
        legs.retrieve(
            collection=collection,
            conditions=Conditions(),
            words=query_words(collection, parse_query(query)),
            space=None,
            query_vector=None,
            is_lexical=True,
            is_exact=False,
        )

    return latency.measure(queries, ask, clients=1)


def measure_http(collection: Collection, queries: Sequence[str], url: str, clients: int) -> latency.Latencies:
    """The same through the JSON API of a running server, each client on a connection of its own."""
    with asking(collection, url) as ask:
        return latency.measure(queries, ask, clients=clients)


def measure_paced_http(
    collection: Collection, queries: Sequence[str], url: str, per_second: float
) -> latency.Latencies:
    """Through HTTP at a given rate: what a searcher notices of other work, as of a reindex."""
    with asking(collection, url) as ask:
        return latency.measure_paced(queries, ask, per_second=per_second)


@contextmanager
def asking(collection: Collection, url: str) -> Iterator[Callable[[str], None]]:
    """Yields what searches with the first three facets. Each thread keeps a connection of its own."""
    address = urlsplit(url)
    facets = ",".join(tuple(collection.attribute_schema)[:NUM_FACETS])
    path = f"/api/v1/collections/{collection.slug}/search?limit=10&facets={facets}"
    own = threading.local()
    opened: list[http.client.HTTPConnection] = []

    def ask(query: str) -> None:
        if not hasattr(own, "connection"):
            own.connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
            opened.append(own.connection)
        own.connection.request("GET", f"{path}&q={quote(query)}")
        response = own.connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"{url} answered {response.status}")

    try:
        yield ask
    finally:
        for one in opened:
            one.close()


def measure_encoder(collection: Collection, count: int) -> float:
    """Items a second that the encoder alone does on the collection's texts."""
    rows = Item.objects.filter(collection=collection).order_by("text_digest").values_list("title", "body")[:count]
    encoder = encoder_of(active_space())
    texts = sorted((embedded_text(title, body) for title, body in rows), key=len)
    encoder.encode_documents(texts[:8])
    started = time.perf_counter()
    encoder.encode_documents(texts)
    return round(len(texts) / (time.perf_counter() - started), 1)


def measure_recall(collection: Collection, queries: Sequence[str], k: int = 10) -> float:
    """Recall at k of the vector index against exact search; equal similarities count as equal."""
    space = active_space()
    kept = 0.0
    for query in queries:
        vector = query_vector(space, query)
        found = [score for _, score, _ in nearest_items(collection, space, vector, limit=k)]
        exact = [score for _, score, _ in nearest_items(collection, space, vector, limit=k, is_exact=True)]
        limit = exact[-1] - 1e-6 if exact else 0.0
        kept += sum(1 for score in found if score >= limit) / max(len(exact), 1)
    return round(kept / max(len(queries), 1), 4)


def resident_megabytes() -> dict[str, float]:
    """Proportional set size of Akin's processes by name, in MB: shared pages are counted once."""
    sizes: dict[str, float] = {}
    marks = {str(settings.BASE_DIR), str(settings.AKIN_DATA_DIR)}
    for process in psutil.process_iter(["cmdline", "name", "cwd"]):
        line = " ".join(process.info["cmdline"] or [])
        if any(mark in line or mark == process.info["cwd"] for mark in marks) or "postgres" in line[:12]:
            try:
                size = process.memory_full_info().pss / 1e6
            except psutil.Error:
                continue
            sizes[process.info["name"]] = round(sizes.get(process.info["name"], 0.0) + size, 1)
    return sizes
