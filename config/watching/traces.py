"""OpenTelemetry traces: requests, tasks, the steps of a search and its statements. Imported with AKIN_TRACES only."""

from __future__ import annotations

import time
from typing import Any

from django.core.exceptions import ImproperlyConfigured

try:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
except ImportError as error:
    raise ImproperlyConfigured(
        f"AKIN_TRACES needs `pip install --require-hashes --no-deps -r requirements-traces.lock`: {error}"
    ) from error

from config.watching.measuring import statements
from search import timing

NANOSECONDS = 1_000_000_000


def start() -> None:
    """Traces what this process does from now on, to where OTEL_EXPORTER_OTLP_ENDPOINT says."""
    provider = TracerProvider(resource=Resource.create({"service.name": "akin"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument(excluded_urls="healthz,readyz,metrics")
    CeleryInstrumentor().instrument()  # type: ignore[no-untyped-call]
    timing.timed.connect(_stage, dispatch_uid="config.traces.stage")
    statements.ran.connect(_statement, dispatch_uid="config.traces.statement")


def _stage(sender: Any, *, stage: str, seconds: float, **kwargs: Any) -> None:
    _add_span(stage, seconds, {})


def _statement(sender: Any, *, asked_by: str, seconds: float, sql: str, **kwargs: Any) -> None:
    """With the text of the statement, in which values are parameters, and without these."""
    _add_span(asked_by, seconds, {"db.system.name": "postgresql", "db.query.text": sql})


def _add_span(name: str, seconds: float, attributes: dict[str, str]) -> None:
    """One that has just ended, below whatever is under way; what nobody asked for is not traced."""
    if not trace.get_current_span().is_recording():
        return
    end = time.time_ns()
    start = end - int(seconds * NANOSECONDS)
    tracer = trace.get_tracer("akin")
    tracer.start_span(name, start_time=start, attributes=attributes).end(end)
