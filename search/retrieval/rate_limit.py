"""How many requests a stranger may send in a minute, counted in Redis."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from redis.exceptions import RedisError

from catalog.client_address import counted_as
from search.errors import SearchError

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60
POLICY = "strangers"


class RateLimitError(SearchError):
    """`retry_after` is in seconds."""

    code = "rate_limited"
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many requests from this address; try again in {retry_after} seconds, or use an API key.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of an address's requests, and the seconds until all are there again."""

    limit: int
    left: int
    seconds: int


def check_rate(request: HttpRequest) -> None:
    """Counts one request of a stranger's address in a fixed window of a minute. Raises RateLimitError.

    Owners of a key and people who are signed in are not counted. Without Redis everybody may read: an answer matters
    more than the limit.
    """
    limit: int = settings.AKIN_RATE_LIMIT
    if limit <= 0:
        return
    window, elapsed = divmod(int(time.time()), WINDOW_SECONDS)
    count = _count(f"rate:{counted_as(request)}:{window}")
    rate = Rate(limit, max(limit - count, 0), WINDOW_SECONDS - elapsed)
    request.akin_rate = rate  # type: ignore[attr-defined]
    if count > limit:
        raise RateLimitError(rate.seconds)


def say_rate(request: HttpRequest, response: HttpResponseBase) -> None:
    """The headers RateLimit-Policy and RateLimit of the IETF's draft."""
    rate: Rate | None = getattr(request, "akin_rate", None)
    if rate is not None:
        response["RateLimit-Policy"] = f'"{POLICY}";q={rate.limit};w={WINDOW_SECONDS}'
        response["RateLimit"] = f'"{POLICY}";r={rate.left};t={rate.seconds}'


def _count(key: str) -> int:
    try:
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        return cache.incr(key)
    except (RedisError, OSError, ValueError) as error:
        logger.warning("Requests are not counted: %s", error)
        return 0
