"""Numbers for Prometheus: request latencies of all processes of this server, and the embedding backlog.

No label carries a slug, an id or a query, so nothing private shows.
"""

from __future__ import annotations

import hmac
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

logger = logging.getLogger(__name__)

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def _share_between_processes() -> None:
    """The workers of one server write into one folder, named after their parent, and each can answer for all.

    prometheus_client reads the variable when it is imported. Folders of servers that are gone are removed.
    """
    if os.environ.get(VARIABLE):
        return
    root = Path(settings.AKIN_DATA_DIR) / "metrics"
    try:
        (root / str(os.getppid())).mkdir(parents=True, exist_ok=True)
        for folder in root.iterdir():
            if folder.name.isdigit() and not Path(f"/proc/{folder.name}").exists() and Path("/proc/self").exists():
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as error:
        logger.warning("Metrics are of each process alone: %s", error)
        return
    os.environ[VARIABLE] = str(root / str(os.getppid()))


_share_between_processes()

# These imports have to follow the line above.
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest  # noqa: E402
from prometheus_client.metrics_core import GaugeMetricFamily, Metric  # noqa: E402
from prometheus_client.multiprocess import MultiProcessCollector  # noqa: E402
from prometheus_client.registry import REGISTRY, Collector  # noqa: E402

from search.embedding.status import backlog  # noqa: E402
from search.retrieval.remembered import answered  # noqa: E402

LATENCY = Histogram(
    "akin_http_request_seconds",
    "Time from a request to its response.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DATABASE_UP = "Whether PostgreSQL answers."
ANSWERS = Counter("akin_search_answers", "Answers to searches, by whether they were remembered.", ["remembered"])
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


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
        LATENCY.labels(*labels).observe(time.perf_counter() - started)
        return response


def count_answer(sender: object, *, is_remembered: bool, **kwargs: object) -> None:
    """Counts one answer to a search."""
    ANSWERS.labels("yes" if is_remembered else "no").inc()


answered.connect(count_answer, dispatch_uid="config.count_answer")


class BacklogCollector(Collector):
    """Reads the queue from PostgreSQL when it is asked, and says whether that answers."""

    def collect(self) -> Iterable[Metric]:
        try:
            states, lag = backlog()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The backlog cannot be read: %s", error)
            yield GaugeMetricFamily("akin_database_up", DATABASE_UP, value=0)
            return
        yield GaugeMetricFamily("akin_database_up", DATABASE_UP, value=1)
        items = GaugeMetricFamily("akin_items", "Items by embedding state.", labels=["state"])
        for state, count in states.items():
            items.add_metric([state], count)
        yield items
        yield GaugeMetricFamily("akin_embedding_lag_seconds", "Age of the oldest change not embedded yet.", value=lag)


def metrics(request: HttpRequest) -> HttpResponse:
    """All numbers in Prometheus' text format; without the database those of the requests alone.

    They count what is private, too: they are for this machine, and for whoever sends AKIN_METRICS_TOKEN.
    """
    if not _may_read(request):
        return HttpResponse("The metrics need AKIN_METRICS_TOKEN as a bearer token.\n", "text/plain", status=403)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(BacklogCollector())
    return HttpResponse(generate_latest(_latencies()) + generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """A request that a proxy passed on is not from this machine, whatever its address says."""
    token = settings.AKIN_METRICS_TOKEN
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(sent.encode(), token.encode()):
        return True
    is_passed_on = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return not is_passed_on and request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1", "")


def _latencies() -> CollectorRegistry:
    if not os.environ.get(VARIABLE):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
