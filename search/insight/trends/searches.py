"""Counting searches. Of a visitor nothing is stored: for a day Redis knows a digest that no one can compute again."""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.utils import timezone
from redis.exceptions import RedisError

from catalog.models import Collection
from catalog.schemas import parse_search_settings
from search.models import SearchCount
from search.models.searches import MAX_COUNTED_LENGTH

logger = logging.getLogger(__name__)

MOST_A_DAY: Final = 5_000  # different queries of a collection
DAY_SECONDS: Final = 86_400
TREND_DAYS: Final = 28
SHOWN: Final = 15

COUNT = """
    INSERT INTO search_searchcount (collection_id, day, query_text, visitors, is_found)
    SELECT %(collection)s, %(day)s, %(text)s, 1, %(found)s
    WHERE (SELECT count(*) FROM search_searchcount WHERE collection_id = %(collection)s AND day = %(day)s) < %(most)s
        OR EXISTS (SELECT 1 FROM search_searchcount
                   WHERE collection_id = %(collection)s AND day = %(day)s AND query_text = %(text)s)
    ON CONFLICT (collection_id, day, query_text) DO UPDATE
        SET visitors = least(search_searchcount.visitors + 1, 1000000), is_found = excluded.is_found
"""

# By the latest of the searches, a query found something or not.
MOST = f"""
    SELECT query_text, sum(visitors) FROM search_searchcount WHERE collection_id = %s AND day > %s
    GROUP BY query_text HAVING (array_agg(is_found ORDER BY day DESC))[1] = %s
    ORDER BY 2 DESC, 1 LIMIT {SHOWN}
"""


@dataclass(frozen=True, slots=True)
class Searched:
    text: str
    visitors: int


def count(collection: Collection, query_text: str, *, visitor: str, is_found: bool) -> bool:
    """Counts a search once a day for each visitor, and returns whether it did. Without Redis nothing is counted."""
    text = " ".join(query_text.lower().split())
    if not text or len(text) > MAX_COUNTED_LENGTH or "\x00" in text:
        return False
    if not parse_search_settings(collection.search_settings).count_searches:
        return False
    today = timezone.localdate()
    try:
        if not cache.add(_key(collection, text, visitor, today), 1, DAY_SECONDS):
            return False
    except (RedisError, OSError) as error:
        logger.warning("Searches are not counted: %s", error)
        return False
    named: dict[str, Any] = {
        "collection": collection.pk,
        "day": today,
        "text": text,
        "found": is_found,
        "most": MOST_A_DAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {**named, "most": MOST_A_DAY})
        return bool(cursor.rowcount)


def _key(collection: Collection, text: str, visitor: str, today: date) -> str:
    """A digest with a word of the day that Redis forgets: afterwards nobody can tell whom it was made of."""
    word = cache.get_or_set(f"searches:{today}", lambda: secrets.token_hex(32), 2 * DAY_SECONDS)
    return f"searched:{hashlib.sha256(f'{word} {collection.pk} {visitor} {text}'.encode()).hexdigest()}"


def frequent(collection: Collection) -> list[Searched]:
    """What most visitors searched for lately, and found something."""
    return _most(collection, is_found=True)


def in_vain(collection: Collection) -> list[Searched]:
    """The same of searches that found nothing relevant."""
    return _most(collection, is_found=False)


def _most(collection: Collection, *, is_found: bool) -> list[Searched]:
    since = timezone.localdate() - timedelta(days=TREND_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(MOST, [collection.pk, since, is_found])
        return [Searched(text, visitors) for text, visitors in cursor.fetchall()]


def forget_old() -> int:
    """Deletes counts that are older than their collection keeps them, and those of collections that count no more."""
    today, number = timezone.localdate(), 0
    for collection in Collection.objects.filter(pk__in=SearchCount.objects.order_by().values("collection").distinct()):
        settings = parse_search_settings(collection.search_settings)
        rows = SearchCount.objects.filter(collection=collection)
        if settings.count_searches:
            rows = rows.filter(day__lte=today - timedelta(days=settings.searches_days))
        number += rows.delete()[0]
    return number
