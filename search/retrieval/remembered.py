"""Answers that were given, kept in each process until a commit changes what they depend on."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import fields, replace
from typing import Final

import orjson
from django.db import connection, transaction
from django.dispatch import Signal

from search.embedding.encoders.registry import loaded_spaces
from search.models.change import EVERY_COLLECTION
from search.retrieval import standbys
from search.retrieval.search import search
from search.retrieval.types import SearchRequest, SearchResult

REMEMBERED: Final = 1_000  # answers of a process, the last used; one takes some 20 kB

# Sent with `is_remembered` for each answer.
answered = Signal()

# The sum rises with every commit that changes an item, vector, pair, topic, statistic or space. Another server, as
# after a failover or a restore, has counted otherwise.
VERSION = """
    SELECT coalesce(sum(changes), 0), pg_postmaster_start_time() FROM search_collectionchange
    WHERE collection_id IN (%s, %s)
"""

# A connection that is gone changes nothing any more; its row would be read for ever.
FOLD = """
    WITH gone AS (
        DELETE FROM search_collectionchange c
        WHERE c.backend <> pg_backend_pid() AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.pid = c.backend)
        RETURNING c.collection_id, c.changes
    )
    INSERT INTO search_collectionchange (collection_id, backend, changes)
    SELECT collection_id, pg_backend_pid(), sum(changes) FROM gone GROUP BY collection_id
    ON CONFLICT (collection_id, backend) DO UPDATE SET changes = search_collectionchange.changes + excluded.changes
"""

_answers: OrderedDict[Hashable, SearchResult] = OrderedDict()
_lock = threading.Lock()


def answer(request: SearchRequest) -> SearchResult:
    """What `search` answers, from memory where nothing has changed since; asked of a copy of the database where one may
    answer. Raises what `search` raises.
    """
    return standbys.read(lambda: _answer(request))


def _answer(request: SearchRequest) -> SearchResult:
    """From memory, or by a search that is remembered.

    read the version -> look for the question at that version -> else search, and keep what is whole. The version is
    read before anything that the answer is made of, so a commit in between makes it one that nobody finds again.
    """
    started = time.perf_counter()
    key = _key(request)
    with _lock:
        found = _answers.get(key)
        if found is not None:
            _answers.move_to_end(key)
    answered.send(sender=None, is_remembered=found is not None)
    if found is not None:
        return replace(found, took_ms=(time.perf_counter() - started) * 1_000)
    result = search(request)
    if not result.is_degraded and not result.warnings:
        with _lock:
            _answers[key] = result
            while len(_answers) > REMEMBERED:
                _answers.popitem(last=False)
    return result


def _key(request: SearchRequest) -> Hashable:
    """The question with all that its answer follows from.

    The collection's settings count as they were read for this request, and so do the models that are in memory: which
    words one knows, and which space answers while another is loaded, follow from these.
    """
    collection = request.collection
    with connection.cursor() as cursor:
        cursor.execute(VERSION, [collection.pk, EVERY_COLLECTION])
        version = cursor.fetchone()
    own = orjson.dumps([collection.language, collection.search_settings, collection.attribute_schema])
    asked = tuple(getattr(request, one.name) for one in fields(request) if one.name != "collection")
    return collection.pk, version, own, loaded_spaces(), asked


def fold_changes() -> None:
    """Adds up what connections noted that are gone; the sums stay as they are."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FOLD)


def forget() -> None:
    """Forgets all answers of this process."""
    with _lock:
        _answers.clear()
