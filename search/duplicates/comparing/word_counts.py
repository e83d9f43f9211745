"""In how many items of a collection each word and mark occurs, counted by a scan and kept for checks between scans."""

from __future__ import annotations

import zlib
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from threading import Lock

import orjson
from django.db import connection

from catalog.json_text import read_stored
from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.duplicates.calibration.estimate import NOTHING, PRIOR, Estimate, Expectation
from search.duplicates.reading.marks import marks_of_item
from search.duplicates.reading.words import WordStatistics, read, words_of
from search.duplicates.rules import Value
from search.models import DuplicateStatistic

MAX_REMEMBERED = 8  # collections whose words a process keeps in memory
SEPARATOR = "\x1f"  # of the values of one source
SAMPLE_SIZE = 3_000  # items that stand for a collection which no scan has counted yet

_remembered: OrderedDict[tuple[int, float], WordStatistics] = OrderedDict()
_lock = Lock()

TEXTS = f"""
    SELECT i.title, left(i.body, 20000), i.attributes::text FROM catalog_item i
    WHERE i.collection_id = %s AND {VISIBLE} ORDER BY i.id LIMIT %s
"""


def words_of_item(title: str, body: str) -> list[str]:
    """The words of an item, in order."""
    return words_of(read(f"{title}\n{body}"))


def keep(
    collection: Collection,
    statistics: WordStatistics,
    clean_sources: Mapping[Value, bool],
    estimate: Estimate = PRIOR,
    expected: Expectation = NOTHING,
) -> None:
    """Stores the counts; a word of one item only is left out, because a word that is missing counts the same."""
    frequencies = {word: count for word, count in statistics.frequencies.items() if count > 1}
    DuplicateStatistic.objects.update_or_create(
        collection=collection,
        defaults={
            "documents": statistics.documents,
            "words": zlib.compress(orjson.dumps(frequencies), 6),
            "clean_sources": {SEPARATOR.join(source): is_clean for source, is_clean in clean_sources.items()},
            "estimate": estimate.as_json(),
            "expected": asdict(expected),
        },
    )


def statistics_of(collection: Collection) -> WordStatistics:
    """The counts of the last scan, or those of a sample when there was none."""
    kept = DuplicateStatistic.objects.filter(collection=collection).values_list("refreshed_at").first()
    key = (collection.pk, kept[0].timestamp() if kept else 0.0)
    if kept is None:
        return _sampled(collection)
    with _lock:
        if key in _remembered:
            _remembered.move_to_end(key)
            return _remembered[key]
    row = DuplicateStatistic.objects.get(collection=collection)
    statistics = WordStatistics(row.documents, orjson.loads(zlib.decompress(row.words)))
    with _lock:
        for old in [known for known in _remembered if known[0] == collection.pk]:
            _remembered.pop(old)
        _remembered[key] = statistics
        while len(_remembered) > MAX_REMEMBERED:
            _remembered.popitem(last=False)
    return statistics


def clean_sources_of(collection: Collection) -> dict[Value, bool]:
    """Whether each source hardly repeats a thing, as the last scan found it."""
    found = DuplicateStatistic.objects.filter(collection=collection).values_list("clean_sources").first()
    known = found[0] if found else {}
    return {tuple(filter(None, source.split(SEPARATOR))): is_clean for source, is_clean in known.items()}


def count(documents: Iterable[Iterable[str]]) -> WordStatistics:
    """The counts of documents given as their words."""
    frequencies: Counter[str] = Counter()
    total = 0
    for words in documents:
        total += 1
        frequencies.update(set(words))
    return WordStatistics(total, frequencies)


def _sampled(collection: Collection) -> WordStatistics:
    with connection.cursor() as cursor:
        cursor.execute(TEXTS, [collection.pk, SAMPLE_SIZE])
        return count(
            (*words_of_item(title, body), *marks_of_item(title, body, read_stored(attributes)))
            for title, body, attributes in cursor.fetchall()
        )
