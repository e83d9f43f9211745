"""What is read from PostgreSQL, Redis and the disk when somebody asks for the metrics."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Count
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from catalog.models import Run
from catalog.models.run import RunState
from config.environ import databases
from config.watching.measuring import shared
from search.embedding.status import backlog

logger = logging.getLogger(__name__)

QUEUES = ("default", "embedding")
PREFIX = "akin:"  # as config.celery has it

SERVER = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
           current_setting('max_connections')::int,
           pg_database_size(current_database()),
           (SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0) FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend')
"""
SERVER_GAUGES = {
    "akin_database_connections": "Connections to PostgreSQL, of Akin and of others.",
    "akin_database_connections_allowed": "Connections that PostgreSQL gives.",
    "akin_database_bytes": "Size of the database on disk.",
    "akin_database_oldest_transaction_seconds": "Age of the oldest open transaction.",
}


class ProcessesCollector(Collector):
    """The numbers of all processes that share the data directory, with the name of the process as a label."""

    def collect(self) -> Iterable[Metric]:
        families: dict[str, Metric] = {}
        for process, files in shared.files_by_process().items():
            for metric in MultiProcessCollector.merge(files):  # type: ignore[no-untyped-call]
                family = families.setdefault(metric.name, Metric(metric.name, metric.documentation, metric.type))
                family.samples += [one._replace(labels={**one.labels, "process": process}) for one in metric.samples]
        return families.values()


class DatabaseCollector(Collector):
    """The embedding queue, runs and the server itself; says whether it answers at all."""

    def collect(self) -> Iterable[Metric]:
        try:
            found = list(self._found())
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The backlog cannot be read: %s", error)
            found = []
        yield _gauge("akin_database_up", "Whether PostgreSQL answers.", bool(found))
        yield from found

    def _found(self) -> Iterator[Metric]:
        states, lag = backlog()
        yield _gauge_by("akin_items", "Items by embedding state.", "state", states)
        yield _gauge("akin_embedding_lag_seconds", "Age of the oldest change not embedded yet.", lag)
        counts = dict(Run.objects.order_by().values_list("state").annotate(count=Count("id")))
        runs = {state.value: counts.get(state.value, 0) for state in RunState}
        yield _gauge_by("akin_runs", "Long jobs by state.", "state", runs)
        with connection.cursor() as cursor:
            cursor.execute(SERVER)
            for (name, meaning), value in zip(SERVER_GAUGES.items(), cursor.fetchone(), strict=True):
                yield _gauge(name, meaning, float(value))


class RedisCollector(Collector):
    """The messages that wait for workers."""

    def collect(self) -> Iterable[Metric]:
        client = Redis.from_url(
            databases.redis_url(settings.REDIS_URL, settings.AKIN_DATA_DIR), socket_timeout=1, socket_connect_timeout=1
        )
        try:
            waiting = {queue: int(client.llen(f"{PREFIX}{queue}")) for queue in QUEUES}
            unfinished = int(client.hlen(f"{PREFIX}unacked"))
        except (RedisError, OSError) as error:
            logger.warning("The queues cannot be read: %s", error)
            yield _gauge("akin_redis_up", "Whether Redis answers.", 0)
            return
        finally:
            client.close()
        yield _gauge("akin_redis_up", "Whether Redis answers.", 1)
        yield _gauge_by("akin_queue_messages", "Messages that wait for a worker, by queue.", "queue", waiting)
        yield _gauge("akin_queue_unfinished", "Messages that workers have and have not finished.", unfinished)


class DiskCollector(Collector):
    """Room where the data directory lies."""

    def collect(self) -> Iterable[Metric]:
        usage = shutil.disk_usage(settings.AKIN_DATA_DIR)
        yield _gauge("akin_disk_free_bytes", "Free where the data directory lies.", usage.free)
        yield _gauge("akin_disk_bytes", "Size of that file system.", usage.total)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _gauge_by(name: str, meaning: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
