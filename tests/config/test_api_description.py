"""The running server does what the API's description says: requests made from it, valid and broken ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.api_caller import SCHEMA
from tests.config.members import kill_all, servers
from tests.config.started import end, find_port, make_key, read_until, start

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

SECONDS = 240  # when it is given up; the examples are as many as take about a minute on two processors
# What is refused is refused with one of these, and what is valid is taken where the description can tell: the filters,
# cursors and ids that other operations ask for have to be there, which no description says.
CONFIGURATION = """
phases.stateful.enabled = false

[parameters]
"path.slug" = "shop"
"path.external_id" = ["tent-1", "tent-2", "none-such"]
"path.pair_id" = {pair_id}

[checks]
positive_data_acceptance.enabled = false
use_after_free.enabled = false
ensure_resource_availability.enabled = false
missing_required_header.enabled = false
object_level_authorization.enabled = false
negative_data_rejection.expected-statuses = [400, 401, 404, 405, 413, 414, 422]

# A bad item does not stop the good ones: it is refused in its own result.
[[operations]]
include-operation-id = "write_items"
checks.negative_data_rejection.enabled = false

[[operations]]
include-operation-id = "delete_collection"
parameters = {{ "path.slug" = "none-such" }}

# Filters within filters: all combinations take minutes to make.
[[operations]]
include-operation-id = "search_items_by_body"
phases.coverage.enabled = false

[[operations]]
include-operation-id = [
    "create_collection", "change_collection", "create_item", "check_duplicates", "suggest_values", "search_passages",
    "retry_embeddings", "decide_duplicate",
]
checks.positive_data_acceptance = {{ enabled = true, expected-statuses = ["2xx", 404, 409, 413] }}
"""

# JSON Schema takes 10.0 for a whole number; the API wants it written as 10.
HOOKS = """
import schemathesis

def plain(value):
    if isinstance(value, dict):
        return {name: plain(held) for name, held in value.items()}
    if isinstance(value, list):
        return [plain(held) for held in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value

@schemathesis.hook
def map_body(context, body):
    return plain(body)
"""


class Asked(NamedTuple):
    """A running Akin: its API's address and a key that may everything."""

    address: str
    key: str

    def send(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}/{path}", data, headers, method=method)  # noqa: S310 - http
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return json.loads(response.read())


@pytest.fixture
def akin(tmp_path: Path) -> Iterator[Asked]:
    data_dir, port = tmp_path / "data", find_port()
    process = start(data_dir, port, AKIN_ENCODER="fake", AKIN_RATE_LIMIT="0", LOG_LEVEL="ERROR")
    try:
        read_until(process, f"Akin is ready: http://127.0.0.1:{port}")
        reader = threading.Thread(target=lambda: process.stdout and process.stdout.read(), daemon=True)
        reader.start()
        yield Asked(f"http://127.0.0.1:{port}/api/v1", make_key(data_dir))
        end(process, reader)
    finally:
        process.kill()
        kill_all(servers(data_dir))


def test_the_server_does_what_the_description_says(akin: Asked, tmp_path: Path) -> None:
    akin.send("POST", "collections", {"slug": "shop", "attribute_schema": SCHEMA})
    akin.send("PATCH", "collections/shop", {"search_settings": {"learn_interest": True}})
    tents = [{"external_id": f"tent-{n}", "title": "Norrdal dome tent", "attributes": {"price": n}} for n in (1, 2)]
    akin.send("POST", "collections/shop/items/bulk", tents)
    configuration = tmp_path / "schemathesis.toml"
    configuration.write_text(CONFIGURATION.format(pair_id=1))
    (tmp_path / "plain_numbers.py").write_text(HOOKS)
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "plain_numbers", "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(configuration)]
    command += ["run", f"{akin.address}/openapi.json", "--header", f"Authorization: Bearer {akin.key}"]
    # One thread: CPython 3.11's parser, which Hypothesis asks for the source of functions, fails in several.
    command += ["--generation-deterministic", "--max-examples", "8", "--workers", "1"]
    command += ["--continue-on-failure", "--no-color"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
