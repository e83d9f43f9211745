"""How many searches a stranger may ask for in a minute, counted in Redis."""

from __future__ import annotations

import logging
import time

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from catalog.access import Actor
from search.errors import SearchError

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


class RateLimitError(SearchError):
    """`retry_after` is in seconds."""

    code = "rate_limited"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many searches from this address; try again in {retry_after} seconds, or use an API key.")
        self.retry_after = retry_after


def check_rate(request: HttpRequest, actor: Actor) -> None:
    """Counts one search of a stranger's address in a fixed window of a minute. Raises RateLimitError.

    Owners of a key are not counted. Without Redis everybody may search: an answer matters more than the limit.
    """
    limit: int = settings.AKIN_RATE_LIMIT
    if limit <= 0 or actor.rank > 0:
        return
    window, elapsed = divmod(int(time.time()), WINDOW_SECONDS)
    if _count(f"rate:{request.META.get('REMOTE_ADDR', '')}:{window}") > limit:
        raise RateLimitError(WINDOW_SECONDS - elapsed)


def _count(key: str) -> int:
    try:
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        return cache.incr(key)
    except (RedisError, OSError, ValueError) as error:
        logger.warning("Searches are not counted: %s", error)
        return 0
