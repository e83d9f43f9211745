"""How many items of each collection visitors can see, remembered for a minute because counting reads them all."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from django.core.cache import cache
from django.db.models import Count
from redis.exceptions import RedisError

from catalog.models import Item

logger = logging.getLogger(__name__)

CACHE_SECONDS: Final = 60


def visible_counts(collection_ids: Iterable[int]) -> dict[int, int]:
    """The number for each collection. Without Redis it counts anew; a collection that was empty is looked at again."""
    names = {pk: f"items:{pk}" for pk in collection_ids}
    try:
        known = cache.get_many(names.values())
        counted = _count([pk for pk, name in names.items() if name not in known])
        cache.set_many({names[pk]: number for pk, number in counted.items() if number}, CACHE_SECONDS)
    except (RedisError, OSError) as error:
        logger.warning("Counts are not remembered: %s", error)
        return _count(list(names))
    return {pk: known[name] if name in known else counted[pk] for pk, name in names.items()}


def _count(collection_ids: list[int]) -> dict[int, int]:
    if not collection_ids:
        return {}
    items = Item.objects.visible().filter(collection__in=collection_ids).order_by()
    counts = dict(items.values_list("collection").annotate(number=Count("pk")))
    return {pk: counts.get(pk, 0) for pk in collection_ids}
