"""The web server over real sockets: stalled clients, too many clients, limits, and a stop that finishes its work."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from catalog.bodies import MAX_BULK_BYTES
from config.server.limits import API_BYTES, BULK_BYTES, FILE_BYTES, FORM_BYTES, LINE_BYTES, SIGN_IN_BYTES
from config.server.parsing import SESSION
from tests.config.server.running import Running, read

pytestmark = pytest.mark.faults

HEAD = b"POST /api/v1/x HTTP/1.1\r\nHost: localhost\r\n"
BEGINNINGS = (b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n", HEAD + b"Content-Length: 1000\r\n\r\n{")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    environment = {**os.environ, "WEB_QUEUE": "2"}
    running = Running(tmp_path_factory.mktemp("server"), environment)
    yield running
    running.end()


def test_five_hundred_stalled_connections_keep_nobody_waiting(server: Running) -> None:
    with ExitStack() as stalled:
        for number in range(500):
            client = stalled.enter_context(server.connect())
            client.sendall(BEGINNINGS[number % 3])
        for path in ("/healthz", "/slow?0"):
            started = time.monotonic()
            assert server.get(path).startswith(b"HTTP/1.1 200")
            assert time.monotonic() - started < 5


def test_more_than_can_wait_are_told_to_come_back_and_health_answers(server: Running) -> None:
    with ThreadPoolExecutor(12) as clients:
        waiting = [clients.submit(server.get, "/slow?2") for _ in range(11)]
        time.sleep(0.7)
        started = time.monotonic()
        assert server.get("/healthz").startswith(b"HTTP/1.1 200")
        assert time.monotonic() - started < 1
        answers = [one.result() for one in waiting]
    refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503")]
    assert len(refused) == 7  # two with a thread, two waiting
    assert all(b"\r\nRetry-After: 1\r\n" in answer for answer in refused)
    assert sum(answer.startswith(b"HTTP/1.1 200") for answer in answers) == 4


def test_a_write_is_answered_while_reads_are_refused(server: Running) -> None:
    put = b"PUT /item HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with ThreadPoolExecutor(10) as clients:
        reads = [clients.submit(server.get, "/slow?1") for _ in range(9)]
        time.sleep(0.5)
        started = time.monotonic()
        assert server.ask(put).startswith(b"HTTP/1.1 200")
        took = time.monotonic() - started
        answers = [one.result() for one in reads]
    assert any(answer.startswith(b"HTTP/1.1 503") for answer in answers)
    assert took < 1  # as soon as a thread is free, before the two reads that wait


def test_a_long_query_in_cyrillic_arrives(server: Running) -> None:
    assert server.get("/api/v1/x?q=" + "%D1%8F" * 680).endswith(b"4082 0")


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GET /api/v1/x?q=" + b"a" * LINE_BYTES + b" HTTP/1.1\r\n\r\n", 414, "uri_too_long"),
        (b"GET /api/v1/x HTTP/1.1\r\nA: " + b"b" * 70_000 + b"\r\n\r\n", 431, "headers_too_large"),
        (HEAD + b"Content-Length: 999999999\r\n\r\n", 413, "too_large"),
        (HEAD + b"Content-Length: 4194305\r\n\r\n", 413, "too_large"),
        (HEAD + b"Content-Length: many\r\n\r\n", 400, "bad_request"),
        (HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "bad_request"),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", 501, "not_implemented"),
        (b"GET /api/v1/a%00b HTTP/1.1\r\n\r\n", 400, "bad_request"),
        (b"GET /api/v1/x HTTP/1.1\r\nno header\r\n\r\n", 400, "bad_request"),
    ],
)
def test_what_the_server_refuses_has_the_shape_of_every_error(
    server: Running, request_bytes: bytes, status: int, code: str
) -> None:
    head, _, body = server.ask(request_bytes).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body)["error"]["code"] == code


def test_pages_are_refused_in_words(server: Running) -> None:
    answer = server.ask(b"GET /?q=" + b"a" * LINE_BYTES + b" HTTP/1.1\r\n\r\n")
    assert b"Content-Type: text/plain" in answer


@pytest.mark.parametrize(
    ("path", "cookie", "length", "is_taken"),
    [
        ("/api/v1/collections/shop/items/bulk", "", BULK_BYTES, True),
        ("/api/v1/collections/shop/items/bulk", "", BULK_BYTES + 1, False),
        ("/api/v1/collections/shop/search", "sessionid=a", API_BYTES + 1, False),
        ("/c/shop/add", "", FORM_BYTES + 1, False),
        ("/metrics", "", FORM_BYTES + 1, False),
        ("/admin/login/", "sessionid=a", SIGN_IN_BYTES + 1, False),
        ("/sign-in", "sessionid=a", SIGN_IN_BYTES + 1, False),
        ("/admin/catalog/item/import/", "", SIGN_IN_BYTES + 1, False),
        ("/admin/catalog/item/import/", "sessionid=a", FILE_BYTES, True),
        ("/admin/catalog/item/import/", "sessionid=a", FILE_BYTES + 1, False),
        ("/admin/catalog/item/", "sessionid=a", FORM_BYTES + 1, False),
    ],
)
def test_each_path_takes_bodies_of_its_own_size(
    server: Running, path: str, cookie: str, length: int, is_taken: bool
) -> None:
    with server.connect() as client:
        client.settimeout(1)
        client.sendall(
            f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\nContent-Length: {length}\r\n\r\n".encode()
        )
        try:
            answer = client.recv(100)
        except TimeoutError:
            answer = b""  # the body is waited for
    assert answer.startswith(b"HTTP/1.1 413 ") is not is_taken


def test_chunks_beyond_the_size_of_the_path_are_refused_while_they_arrive(server: Running) -> None:
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    with server.connect() as client:
        client.sendall(b"POST /admin/login/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 2)
        assert read(client).startswith(b"HTTP/1.1 413 ")


def test_bulk_writing_has_one_limit_in_all_places() -> None:
    assert MAX_BULK_BYTES == BULK_BYTES
    assert SESSION.removesuffix("=") == settings.SESSION_COOKIE_NAME


def test_what_follows_a_refused_request_is_not_taken_for_another(server: Running) -> None:
    answer = server.ask(HEAD + b"Content-Length: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_body_in_chunks_is_read_whole(server: Running) -> None:
    request = HEAD + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    assert server.ask(request).endswith(b"0 5")


def test_headers_that_do_not_end_are_answered_408(server: Running) -> None:
    with server.connect() as client:
        client.sendall(b"GET /api/v1/x HTTP/1.1\r\n")
        dripping = threading.Event()
        drip = threading.Thread(target=_drip, args=(client, dripping))
        drip.start()
        started = time.monotonic()
        answer = read(client)
        dripping.set()
        drip.join()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert 8 < time.monotonic() - started < 20


def _drip(client: socket.socket, ended: threading.Event) -> None:
    while not ended.wait(1):
        try:
            client.sendall(b"A: b\r\n")
        except OSError:
            return


def test_a_stop_answers_what_has_arrived(tmp_path: Path) -> None:
    server = Running(tmp_path, {**os.environ})
    with ThreadPoolExecutor(1) as clients:
        answer = clients.submit(server.get, "/slow?1.5")
        time.sleep(0.7)
        server.end()
        assert answer.result().startswith(b"HTTP/1.1 200")
