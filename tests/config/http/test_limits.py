"""What is limited before a view is asked: sign-ins, requests of strangers, sizes of forms."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings
from redis.exceptions import ConnectionError as RedisDown

from catalog.client_address import client_address, counted_as
from catalog.models.api_key import Scope
from config.server.limits import SIGN_IN_BYTES
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db


def sign_in(name: str, password: str, address: str = "203.0.113.5") -> int:
    data = {"username": name, "password": password}
    return Client(REMOTE_ADDR=address).post(reverse("admin:login"), data).status_code


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="correct horse")


def test_an_account_is_locked_after_ten_failures_from_anywhere(ada: User) -> None:
    assert [sign_in("ada", "wrong", f"203.0.113.{n}") for n in range(9)] == [200] * 9
    assert sign_in("ada", "wrong", "203.0.113.99") == 429
    assert sign_in("ada", "correct horse", "198.51.100.1") == 429
    locked = Client().post(reverse("admin:login"), {"username": "ada", "password": "correct horse"})
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert "Too many failed sign-ins" in locked.content.decode()


def test_an_address_is_locked_whatever_the_account_and_others_are_not(ada: User) -> None:
    for n in range(10):
        sign_in(f"somebody{n}", "wrong")
    assert sign_in("ada", "correct horse") == 429
    assert sign_in("ada", "correct horse", "198.51.100.1") == 302


def test_sign_ins_are_counted_without_redis(ada: User, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.AKIN_RATE_LIMIT = 1
    monkeypatch.setattr("search.retrieval.rate_limit.cache.add", _fail)
    assert [sign_in("ada", "wrong") for _ in range(10)] == [200] * 9 + [429]


def _fail(*args: object) -> None:
    raise RedisDown("refused")


def test_a_large_body_for_the_login_page_is_refused_unread() -> None:
    answer = Client().post(reverse("admin:login"), {"username": "a" * (SIGN_IN_BYTES + 1)})
    assert answer.status_code == 413
    assert Client().post("/admin/catalog/item/import/", {"x": "a" * SIGN_IN_BYTES}).status_code == 413
    assert Client().post("/c/shop/add", {"body": "a" * (4 * 1024 * 1024)}).status_code == 413


PATHS = ("/api/v1/collections", "/api/v1/collections/shop/status", "/api/v1/collections/shop/items/tent-1/related")


@pytest.mark.parametrize("path", [*PATHS, "/api/v1/collections/shop/items", "/c/shop/", "/c/shop/related/tent-1", "/"])
def test_strangers_are_counted_everywhere(path: str, settings: Settings) -> None:
    make_shop()
    cache.clear()
    settings.AKIN_RATE_LIMIT = 2
    answers = [Client().get(path) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0]["RateLimit-Policy"] == '"strangers";q=2;w=60'
    assert answers[0]["RateLimit"].startswith('"strangers";r=1;t=')
    assert 1 <= int(answers[2]["Retry-After"]) <= 60
    assert Client(REMOTE_ADDR="198.51.100.7").get(path).status_code == 200


def test_metrics_are_counted_whether_they_are_told_or_not(settings: Settings) -> None:
    settings.AKIN_RATE_LIMIT = 2
    cache.clear()
    assert [Client(REMOTE_ADDR="198.51.100.7").get("/metrics").status_code for _ in range(3)] == [403, 403, 429]
    assert [Client().get("/metrics").status_code for _ in range(3)] == [200, 200, 429]


def test_wrong_keys_are_counted_and_right_ones_are_not(settings: Settings) -> None:
    make_shop()
    settings.AKIN_RATE_LIMIT = 2
    assert [Caller(secret="akin_wrong").get("collections").status for _ in range(3)] == [401, 401, 429]
    assert "RateLimit" not in Caller(Scope.READ).get("collections").headers


def test_health_is_never_counted(settings: Settings) -> None:
    settings.AKIN_RATE_LIMIT = 1
    assert [Client().get("/healthz").status_code for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("trusted", "direct", "forwarded", "expected"),
    [
        ([], "203.0.113.5", "1.1.1.1", "203.0.113.5"),
        (["10.0.0.0/8"], "203.0.113.5", "1.1.1.1", "203.0.113.5"),
        (["10.0.0.0/8"], "10.0.0.2", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        (["10.0.0.0/8"], "10.0.0.2", "6.6.6.6, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        (["10.0.0.0/8"], "10.0.0.2", "198.51.100.7, nonsense", "10.0.0.2"),
        (["10.0.0.0/8"], "10.0.0.2", "", "10.0.0.2"),
        (["::1"], "::1", "2001:db8::5", "2001:db8::5"),
    ],
)
def test_the_address_behind_proxies(
    trusted: list[str], direct: str, forwarded: str, expected: str, settings: Settings
) -> None:
    settings.AKIN_TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", REMOTE_ADDR=direct, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == expected


def test_one_owner_of_many_addresses_is_counted_once() -> None:
    one, other = (RequestFactory().get("/", REMOTE_ADDR=f"2001:db8::{n}") for n in (1, 2))
    assert counted_as(one) == counted_as(other) == "2001:db8::/64"
