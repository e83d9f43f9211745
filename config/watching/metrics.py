"""Numbers for Prometheus: what all processes of this machine do, and how far PostgreSQL, Redis and the disk are.

No label carries a slug, an id or a query, so nothing private shows.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from config.watching.measuring import collectors, meters, shared

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
POOL_STATES = {"open": "pool_size", "idle": "pool_available", "waiting": "requests_waiting"}


class LatencyMiddleware:
    """Measures every request by route, method and kind of status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        started = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "unknown"
        method = request.method if request.method in METHODS else "other"
        labels = (method or "other", f"/{route}", f"{response.status_code // 100}xx")
        meters.REQUEST.labels(*labels).observe(time.perf_counter() - started)
        if response.status_code == 429:
            meters.REFUSED.labels("429").inc()
        _note_pool()
        return response


def _note_pool() -> None:
    """How this process's connections are used; without a pool there is nothing to say."""
    pool = connection.pool if settings.AKIN_DATABASE_POOL else None  # type: ignore[attr-defined]
    if pool is not None:
        stats = pool.get_stats()
        for state, name in POOL_STATES.items():
            meters.POOL.labels(state).set(stats.get(name, 0))


def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers in Prometheus' text format; without the database those that need none.

    They count what is private, too: they are for this machine, and for whoever sends AKIN_METRICS_TOKEN.
    """
    if not _may_read(request):
        return HttpResponse("The metrics need AKIN_METRICS_TOKEN as a bearer token.\n", "text/plain", status=403)
    registry = CollectorRegistry(auto_describe=False)
    for collector in (collectors.DatabaseCollector(), collectors.RedisCollector(), collectors.DiskCollector()):
        registry.register(collector)
    if shared.is_shared():
        registry.register(collectors.ProcessesCollector())
    own = b"" if shared.is_shared() else generate_latest(REGISTRY)
    return HttpResponse(own + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """A request that a proxy passed on is not from this machine, whatever its address says."""
    token = settings.AKIN_METRICS_TOKEN
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(sent.encode(), token.encode()):
        return True
    is_passed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not is_passed_on and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1", "")
