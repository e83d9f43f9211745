"""What the comparison with other systems computes and writes; the systems themselves are not run here."""

from __future__ import annotations

import gzip
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks import compare
from benchmarks.corpus import Item, read_corpus, read_judged_queries, sample_queries
from benchmarks.environment import OWN, SHARED, VERSIONS, CannotInstall
from benchmarks.report import END, START, Figures, NotMeasured, put_between_marks, table
from benchmarks.server import JsonClient, Server

FIGURES = Figures(
    name="Akin",
    kind="hybrid",
    version="0.1.0",
    items_per_second=1234.4,
    settling_seconds=2.6,
    one_client={"p50_ms": 4.04, "p95_ms": 9.0, "p99_ms": 12.5, "per_second": 240.0},
    many_clients={"p50_ms": 30.0, "p95_ms": 40.0, "p99_ms": 50.0, "per_second": 301.5},
    memory_mb={"server": 900.2, "embedding client": 750.0},
    ndcg=0.7512,
    ndcg_low=0.71,
    ndcg_high=0.79,
)
ITEMS = [Item(str(n), f"title {n}", " ".join(f"word{n}x{m}" for m in range(20))) for n in range(40)]


def test_the_table_has_a_column_for_each_system_that_was_measured() -> None:
    rows = [line.strip("| ").split(" | ") for line in table([FIGURES, FIGURES]).splitlines()]
    by_label = {row[0]: row[1:] for row in rows}
    assert rows[0] == ["Akin 0.1.0", "Akin 0.1.0"]
    assert by_label["items indexed a second"] == ["1,234"] * 2
    assert by_label["p99"] == ["12.5"] * 2
    assert by_label["requests a second at eight clients"] == ["302"] * 2
    assert by_label["memory, MB"] == ["server 900 + embedding client 750"] * 2
    assert by_label["nDCG@10 on the judged set (95 %)"] == ["0.751 (0.710–0.790)"] * 2


def test_a_system_that_could_not_run_is_named_below_the_table_with_the_reason() -> None:
    shown = table([FIGURES, NotMeasured("Chroma", "it cannot be installed: no such version")])
    assert "Chroma" not in shown.partition("\n\n")[0]
    assert shown.endswith("\n\nChroma was not measured: it cannot be installed: no such version")
    assert table([NotMeasured("txtai", "broken")]) == "txtai was not measured: broken"


def test_the_table_replaces_only_what_stands_between_the_marks() -> None:
    page = f"# Title\n\n{START}\nold\n{END}\n\nend\n"
    assert put_between_marks(page, "new") == f"# Title\n\n{START}\n\nnew\n\n{END}\n\nend\n"
    assert put_between_marks(put_between_marks(page, "x"), "new") == put_between_marks(page, "new")
    with pytest.raises(ValueError, match="has no"):
        put_between_marks("# Title\n", "new")


def test_the_page_of_the_table_has_its_marks() -> None:
    assert "table" in put_between_marks(compare.PAGE.read_text(encoding="utf-8"), "table")


def test_queries_are_distinct_words_of_the_items_and_the_same_each_time() -> None:
    queries = sample_queries(ITEMS, 30)
    assert queries == sample_queries(ITEMS, 30)
    assert len(queries) == len(set(queries)) == 30
    assert all(any(query in " ".join(item.text.split()) for item in ITEMS) for query in queries)
    assert len(sample_queries(ITEMS, 1_000)) == len(ITEMS)


def test_a_corpus_is_the_first_lines_of_the_file_and_a_copy_of_them(tmp_path: Path) -> None:
    lines = [json.dumps({"external_id": item.id, "title": item.title, "body": item.body}) for item in ITEMS]
    (tmp_path / "all.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    corpus = read_corpus(tmp_path / "all.jsonl.gz", name="some", limit=3, folder=tmp_path / "copies")
    assert corpus.items == ITEMS[:3]
    assert corpus.file.read_text(encoding="utf-8").split() == "\n".join(lines[:3]).split()
    assert len(read_corpus(tmp_path / "all.jsonl.gz", name="all", limit=0, folder=tmp_path).items) == len(ITEMS)


def test_a_query_without_a_relevant_item_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text('{"id": "a", "text": "one"}\n{"id": "b", "text": "two"}\n')
    (tmp_path / "qrels.tsv").write_text("query_id\titem_id\tgrade\na\tx\t2\na\ty\t0\nb\tx\t0\n")
    assert [(query.text, query.grades) for query in read_judged_queries(tmp_path)] == [("one", {"x": 2, "y": 0})]


def test_every_package_that_is_asked_for_has_a_version() -> None:
    pinned = {line.partition("==")[0] for line in VERSIONS.read_text(encoding="utf-8").splitlines() if "==" in line}
    asked = ["torch", *SHARED, *(name for names in OWN.values() for name in names)]
    assert {name.partition("[")[0] for name in asked} <= pinned


def test_a_system_that_cannot_be_installed_does_not_fail_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(folder: Path) -> Path:
        raise CannotInstall("No matching distribution found for torch")

    monkeypatch.setattr(compare, "make_environment", refuse)
    monkeypatch.setattr(sys, "argv", ["compare", "--folder", str(tmp_path)])
    result = compare.measure("txtai", compare.options_of_command_line())
    assert result == NotMeasured("txtai", "it cannot be installed: No matching distribution found for torch")


def test_a_server_counts_with_what_works_in_its_folder_and_is_gone_when_stopped(tmp_path: Path) -> None:
    code = "import time; print('up', flush=True); time.sleep(60)"
    server = Server([sys.executable, "-c", code], folder=tmp_path, environment={})
    server.wait_until(lambda: "up" in server.log.read_text(), seconds=20)
    processes = server.processes()
    assert len(processes) == 1
    assert 1 < server.memory_megabytes() < 200
    server.stop()
    assert not processes[0].is_running()
    assert server.processes() == []
    server.stop()


def test_a_server_that_ends_or_is_not_ready_in_time_says_what_it_said(tmp_path: Path) -> None:
    server = Server([sys.executable, "-c", "raise SystemExit('no model')"], folder=tmp_path, environment={})
    with pytest.raises(RuntimeError, match="ended with status 1: no model"):
        server.wait_until(lambda: False, seconds=20)
    server.stop()
    slow = Server([sys.executable, "-c", "import time; time.sleep(60)"], folder=tmp_path, environment={})
    started = time.monotonic()
    with pytest.raises(RuntimeError, match="was not ready after 0 s"):
        slow.wait_until(lambda: False, seconds=0.3)
    slow.stop()
    assert time.monotonic() - started < 10


def test_a_connection_is_kept_while_in_use_and_opened_anew_when_it_was_idle() -> None:
    opened: list[object] = []

    class Impatient(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 0.3  # as long as it keeps an idle connection

        def setup(self) -> None:
            opened.append(self)
            super().setup()

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Impatient) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = JsonClient(server.server_port, kept_seconds=0.2)
        assert client.get("/") == client.get("/") == {}
        assert len(opened) == 1
        time.sleep(0.6)
        assert client.get("/") == {}
        assert len(opened) == 2
        client.close()
        server.shutdown()
