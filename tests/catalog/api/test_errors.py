"""Every error of the JSON API has the one shape and tells nothing of the inside."""

from __future__ import annotations

import logging

import pytest
from django.db import InterfaceError, OperationalError
from redis.exceptions import ConnectionError as RedisDown

from catalog.models.api_key import Scope
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["", "nothing", "collections/shop/nothing", "collections/", "openapi.json/x"])
def test_an_unknown_path_is_not_found_in_json(path: str) -> None:
    for method in ("GET", "POST"):
        answer = Caller().send(method, path, b"")
        assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("path", ["collections", "collections/shop/items", "collections/shop/search"])
def test_more_than_a_thousand_parameters_are_a_bad_request(path: str) -> None:
    make_shop()
    answer = Caller().send("GET", path + "?" + "&".join(f"a{n}=1" for n in range(1_001)), b"")
    assert (answer.status, answer.code) == (400, "bad_request")


def test_an_impossible_method_is_refused_in_json() -> None:
    answer = Caller().put("collections", {})
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


def test_a_head_request_answers_like_get_without_the_body() -> None:
    answer = Caller().send("HEAD", "collections", b"")
    assert (answer.status, answer.json) == (200, None)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"title": NaN}', b'{"title": "\\ud800"}', b"[" * 5_000])
def test_bad_json_is_bad_input(body: bytes) -> None:
    make_shop()
    answer = Caller(Scope.WRITE).send("POST", "collections/shop/items", body)
    assert (answer.status, answer.code) == (422, "invalid")


def test_a_body_beyond_the_limit_is_too_large() -> None:
    make_shop()
    answer = Caller(Scope.WRITE).post("collections/shop/items", {"external_id": "x", "body": "x" * 5_000_000})
    assert (answer.status, answer.code) == (413, "too_large")


@pytest.mark.parametrize("slug", ["a%00b", "A", "shop%20", "x" * 1_000, "%F0%9F%8F%95"])
def test_an_odd_slug_is_just_missing(slug: str) -> None:
    assert Caller().get(f"collections/{slug}").status == 404


@pytest.mark.parametrize("error", [OperationalError("host=db"), InterfaceError("closed"), RedisDown("host=redis")])
def test_a_dependency_that_is_down_answers_503(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr("catalog.api.readable_collections", fail)
    answer = Caller().get("collections")
    assert (answer.status, answer.code) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "host=" not in str(answer.json)


def test_an_unexpected_error_is_logged_and_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: object) -> None:
        raise RuntimeError("the secret of the house")

    monkeypatch.setattr("catalog.api.readable_collections", fail)
    with caplog.at_level(logging.ERROR, "config.http.api_errors"):
        answer = Caller().get("collections")
    assert (answer.status, answer.code) == (500, "internal")
    assert "secret" not in str(answer.json)
    assert "the secret of the house" in caplog.text
