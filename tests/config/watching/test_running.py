"""What a running Akin tells those who watch it: numbers of every process, and one id through web and workers."""

from __future__ import annotations

import gzip
import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.config.members import kill_all, servers
from tests.config.started import end, find_port, make_key, start

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
SETTINGS = {
    "AKIN_ENCODER": "fake",
    "AKIN_LOG_FORMAT": "json",
    "AKIN_LOG_REQUESTS": "true",
    "AKIN_SLOW_QUERY_MS": "1",
    "AKIN_TRACES": "true",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
}
NAMED = re.compile(r"\bakin_\w+")


@dataclass
class Watched:
    """A running Akin, with what it printed."""

    port: int
    key: str = ""
    lines: list[str] = field(default_factory=list)

    def ask(self, path: str, body: Any = None, **headers: str) -> str:
        data = None if body is None else json.dumps(body).encode()
        own = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, own)
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            text: str = response.read().decode()
            return text

    def parsed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]


def wait_until(is_so: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + 60
    while not (found := is_so()):
        assert time.monotonic() < deadline, what
        time.sleep(0.2)
    return found


class Collector(BaseHTTPRequestHandler):
    """Takes traces as an OpenTelemetry collector does."""

    spans: ClassVar[list[Span]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = ExportTraceServiceRequest.FromString(
            gzip.decompress(body) if self.headers["Content-Encoding"] else body
        )
        self.spans.extend(span for one in request.resource_spans for scope in one.scope_spans for span in scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base class has it
        """Nothing is printed."""


@pytest.fixture(scope="module")
def collector() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def akin(tmp_path_factory: pytest.TempPathFactory, collector: str) -> Iterator[Watched]:
    data_dir = tmp_path_factory.mktemp("watched") / "data"
    watched = Watched(find_port())
    process = start(data_dir, watched.port, OTEL_EXPORTER_OTLP_ENDPOINT=collector, **SETTINGS)
    output = process.stdout
    assert output
    reader = Thread(target=lambda: watched.lines.extend(line.rstrip("\n") for line in output), daemon=True)
    reader.start()
    try:
        wait_until(lambda: any("Akin is ready" in line for line in watched.lines), "it is ready")
        watched.key = make_key(data_dir)
        yield watched
        end(process, reader)
    finally:
        process.kill()
        kill_all(servers(data_dir))


def names_in_files() -> set[str]:
    """What rules and dashboard ask for."""
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    panels = json.loads((ROOT / "deploy/grafana/akin.json").read_text())["panels"]
    asked += [target["expr"] for panel in panels for target in panel.get("targets", ())]
    return {name for expression in asked for name in NAMED.findall(expression)}


def test_every_metric_that_rules_and_dashboard_name_is_told(akin: Watched) -> None:
    akin.ask("/api/v1/collections/demo/search?q=tent&facets=brand")
    akin.ask("/api/v1/collections/demo/search?q=tent&facets=brand")
    wanted = names_in_files()
    assert len(wanted) > 20
    # These come into being when something goes wrong for the first time.
    wanted -= {"akin_http_refused_total"}
    told: set[str] = set()

    def missing() -> set[str]:
        told.update(NAMED.findall(akin.ask("/metrics")))
        return wanted - told

    wait_until(lambda: not missing(), f"told: {sorted(missing())} are missing")


def test_web_and_workers_are_told_apart(akin: Watched) -> None:
    def told() -> bool:
        text = akin.ask("/metrics")
        return all(f'process="{name}",task="' in text for name in ("embedding", "jobs")) and (
            'akin_stage_seconds_count{process="web",stage="search.whole"}' in text
        )

    akin.ask("/api/v1/collections/demo/search?q=kettle")
    wait_until(told, "each process tells its numbers")


def test_an_id_goes_from_the_request_to_the_task_that_embeds(akin: Watched) -> None:
    item = {"external_id": "traced", "title": "A kettle that is traced", "body": ""}
    akin.ask("/api/v1/collections/demo/items", item, **{"X-Request-ID": "trace-me-7"})

    def loggers() -> set[str]:
        return {line["logger"] for line in akin.parsed() if line.get("request_id") == "trace-me-7"}

    wait_until(lambda: {"akin.requests", "akin.tasks"} <= loggers(), f"in the lines of web and worker: {loggers()}")
    (ended,) = [one for one in akin.parsed() if one.get("request_id") == "trace-me-7" and one["logger"] == "akin.tasks"]
    assert ended["task"] == "embedding.embed_pending" and "SUCCESS" in ended["message"]


def test_every_line_of_every_process_is_json(akin: Watched) -> None:
    odd = [line for line in akin.lines if not line.startswith("{") and "Akin is ready" not in line]
    assert [line for line in odd if "Traceback" in line or " | " in line] == []
    assert {line["logger"] for line in akin.parsed() if "logger" in line} >= {"akin.requests", "akin.slow"}


def test_slow_statements_have_their_plans(akin: Watched) -> None:
    akin.ask("/api/v1/collections/demo/search?q=a+kettle+for+tea+and+coffee")
    plans = wait_until(
        lambda: [line["plan"] for line in akin.parsed() if "cost=" in line.get("plan", "")], "a statement with a plan"
    )
    assert plans


def test_a_trace_goes_from_the_request_through_its_steps_and_statements_to_the_task(akin: Watched) -> None:
    akin.ask("/api/v1/collections/demo/search?q=a+lantern+to+hang+up")
    item = {"external_id": "lantern", "title": "A lantern that is traced", "body": ""}
    akin.ask("/api/v1/collections/demo/items", item)

    def trace_of(name: str) -> set[str]:
        ids = {span.trace_id for span in Collector.spans if span.name == name}
        return {span.name for span in Collector.spans if span.trace_id in ids}

    wait_until(lambda: {"search.encode", "search.both_legs", "legs.retrieve"} <= trace_of("search.whole"), "a search")
    wait_until(
        lambda: any("/items" in name for name in trace_of("run/embedding.embed_pending")),
        f"the request and the task that it led to: {trace_of('run/embedding.embed_pending')}",
    )
    texts = [
        one.value.string_value for span in Collector.spans for one in span.attributes if one.key == "db.query.text"
    ]
    assert texts and not any("lantern" in text for text in texts)
