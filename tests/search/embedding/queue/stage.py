"""A whole Akin of its own for tests that break things: its database, its Redis, workers as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from pgvector import HalfVector

from config import embedded
from config.embedded import Layout, postgres
from config.embedded.processes import processes_in
from search.embedding.encoders.fake import FakeEncoder
from search.models import EmbeddingSpace

ROOT = Path(__file__).resolve().parents[4]
WORKER = Path(__file__).with_name("embedding_worker.py")
CELERY = (sys.executable, "-m", "celery", "--app", "config.celery")
PATIENCE = 60.0  # seconds until a test gives up waiting

WRONG = """
    SELECT count(*) FROM catalog_item i LEFT JOIN search_itemembedding e ON e.item_id = i.id
    WHERE e.id IS NULL OR e.state <> 'embedded' OR e.digest <> i.text_digest
"""


class Stage:
    """The stage in one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self.layout = Layout(data_dir)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AKIN_")},
            "AKIN_DATA_DIR": str(data_dir),
            "AKIN_ENCODER": "fake",
            "AKIN_PRIVATE_ENDPOINTS": "true",  # the endpoint of these tests is on this machine
            "ENCODED": str(data_dir / "encoded.jsonl"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.layout.database_url, autocommit=True, options="-c synchronous_commit=off")

    def one(self, sql: str, *parameters: Any) -> Any:
        with self.connect() as connection:
            row = connection.execute(sql, parameters).fetchone()
            return row[0] if row else None

    def run(self, sql: str, *parameters: Any) -> None:
        with self.connect() as connection:
            connection.execute(sql, parameters)

    def restart(self, *, items: int, seconds_per_text: float = 0.0) -> None:
        """Begins anew with that many items, which wait for their vectors."""
        Path(self.environment["ENCODED"]).write_text("")
        self.run("DELETE FROM catalog_item")
        self.run("TRUNCATE catalog_collection CASCADE")
        self.run(
            "UPDATE search_embeddingspace SET kind = 'fake',"
            " options = jsonb_build_object('seconds_per_text', %s::float)",
            seconds_per_text,
        )
        self.run(
            "INSERT INTO catalog_collection (slug, name, description, language, visibility, attribute_schema,"
            " duplicate_policy, search_settings, created_at, updated_at)"
            " VALUES ('shop', 'Shop', '', 'english', 'public', '{}', '{}', '{}', now(), now())"
        )
        self.add_items(items)

    def add_items(self, count: int) -> None:
        self.run(
            "INSERT INTO catalog_item (collection_id, external_id, title, body, url, image, attributes, status,"
            " created_at, updated_at)"
            " SELECT c.id, gen_random_uuid()::text, 'item ' || n, '', '', '', '{}', 'published', now(), now()"
            " FROM catalog_collection c, generate_series(1, %s) AS n",
            count,
        )

    def encoded(self) -> list[dict[str, Any]]:
        """The calls of the model: `worker`, `started`, `ended`, `texts`."""
        return [json.loads(line) for line in Path(self.environment["ENCODED"]).read_text().splitlines()]

    def use_endpoint(self, url: str) -> None:
        """Workers that start from now on encode there. Before the next `restart`, which ends it."""
        self.run(
            "UPDATE search_embeddingspace SET kind = 'http',"
            " options = jsonb_build_object('url', %s::text, 'timeout', 1, 'batch_size', 16)",
            url,
        )

    def jump(self, hours: int) -> None:
        """As if the clock had jumped by so many hours: what was written down is that far off."""
        self.run(
            "UPDATE search_itemembedding SET lease_expires_at = lease_expires_at - make_interval(hours => %s),"
            " next_attempt_at = next_attempt_at - make_interval(hours => %s)",
            hours,
            hours,
        )

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        with self.process(sys.executable, str(WORKER)) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == "ready"
            yield process

    @contextmanager
    def process(self, *command: str, log: Path | None = None, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """A process that is killed at the end of the test at the latest; `log` gets what it says of errors."""
        with (
            (log or Path(os.devnull)).open("w") as errors,
            subprocess.Popen(
                command,
                env=self.environment | settings,
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=errors if log else None,
                text=True,
            ) as process,
        ):
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.kill()

    def wake(self) -> None:
        """Sends the workers the message that an item's change sends."""
        self._call("wakeup.wake()")

    def sweep(self) -> None:
        """What beat asks for every few minutes."""
        self._call("sweep.sweep()")

    def _call(self, what: str) -> None:
        code = f"import django; django.setup(); from search.embedding.queue import sweep, wakeup; {what}"
        subprocess.run([sys.executable, "-c", code], env=self.environment, cwd=ROOT, check=True)

    def kill_postgres(self) -> None:
        """As an operator's `kill -9` of the postmaster."""
        pid = int((self.layout.postgres / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)

    def kill_redis(self) -> None:
        """It comes back empty."""
        for process in processes_in(self.layout.redis, "redis-server"):
            os.kill(process.pid, signal.SIGKILL)
        for left in self.layout.redis.glob("*.rdb"):
            left.unlink()

    def start_postgres(self) -> None:
        postgres.ensure_running(self.layout)
        assert processes_in(self.layout.postgres, "postgres")

    def expire_leases(self) -> None:
        """As if a minute had passed."""
        self.run("UPDATE search_itemembedding SET lease_expires_at = now() WHERE state = 'claimed'")

    def embedded_count(self) -> int:
        return int(self.one("SELECT count(*) FROM search_itemembedding WHERE state = 'embedded'"))

    def is_settled(self) -> bool:
        return int(self.one(WRONG)) == 0

    def check(self) -> None:
        """Waits until nothing waits; then each item has exactly the vectors of its last text, and nothing else has."""
        wait_for(self.is_settled)
        with self.connect() as connection:
            rows = connection.execute(
                "SELECT i.title, p.embedding::text FROM catalog_item i LEFT JOIN search_passage p ON p.item_id = i.id"
            ).fetchall()
            items, orphans = connection.execute(
                "SELECT (SELECT count(*) FROM catalog_item), (SELECT count(*) FROM search_passage p WHERE NOT EXISTS"
                " (SELECT 1 FROM catalog_item i WHERE i.id = p.item_id))"
            ).fetchall()[0]
        assert (len(rows), orphans) == (items, 0)
        assert "deadlock detected" not in self.layout.postgres_log.read_text()
        encoder = FakeEncoder(EmbeddingSpace(name="fake", dimensions=384))
        stored = np.array([HalfVector.from_text(text).to_numpy() for _, text in rows], dtype=np.float32)
        expected = encoder.encode_documents([f"{title}\n" for title, _ in rows])
        assert float(np.abs(stored - expected).max()) < 1e-3


@contextmanager
def set_up() -> Iterator[Stage]:
    """A stage whose services run and whose tables are made."""
    with tempfile.TemporaryDirectory(prefix="akin-stage-") as folder:
        Path(folder).chmod(0o755)
        stage = Stage(Path(folder))
        embedded.join(Path(folder))
        try:
            migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
            subprocess.run(migrate, env=stage.environment, cwd=ROOT, check=True)
            yield stage
        finally:
            embedded.leave(Path(folder))


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the stage did not settle"
        time.sleep(0.05)
