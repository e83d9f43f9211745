"""A private collection answers exactly like a missing one to whoever may not know of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from catalog.models import ApiKey, Collection
from catalog.models.api_key import Scope
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db

CALLS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("PATCH", "", {"name": "x"}),
    ("DELETE", "", None),
    ("GET", "/items", None),
    ("POST", "/items", {"external_id": "x", "title": "x"}),
    ("POST", "/items/bulk", []),
    ("GET", "/items/tent-1", None),
    ("PUT", "/items/tent-1", {"title": "x"}),
    ("PATCH", "/items/tent-1", {"title": "x"}),
    ("DELETE", "/items/tent-1", None),
    ("GET", "/items/tent-1/related", None),
    ("GET", "/search?q=tent", None),
    ("GET", "/search?q=tent&filter.brand=Norrdal", None),
    ("GET", "/status", None),
    ("POST", "/passages", {"q": "tent"}),
    ("POST", "/recommend", {"positive": ["tent-1"]}),
    ("POST", "/duplicates/check", {"title": "tent"}),
    ("GET", "/duplicates", None),
    ("POST", "/duplicates/1/decision", {"decision": "confirmed"}),
]


@pytest.fixture
def vault() -> Collection:
    return make_shop(slug="vault", visibility="private")


def call(caller: Caller, method: str, path: str, body: Any) -> Any:
    if method == "GET":
        return caller.get(path)
    return caller.delete(path) if method == "DELETE" else getattr(caller, method.lower())(path, body)


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_private_is_like_missing(vault: Collection, method: str, path: str, body: Any) -> None:
    charlie = Caller(Scope.CURATE, make_shop(slug="charlies"))
    for caller in (Caller(), charlie):
        hidden = call(caller, method, f"collections/vault{path}", body)
        missing = call(caller, method, f"collections/vauly{path}", body)
        assert hidden.status == missing.status == 404
        assert str(hidden.json).replace("vault", "vauly") == str(missing.json)


def test_a_key_that_names_the_collection_reads_it(vault: Collection) -> None:
    assert Caller(Scope.READ, vault).get("collections/vault/items").status == 200
    assert Caller(Scope.READ, vault).get("collections/vault/search", q="tent").status == 200
    assert Caller(Scope.READ).get("collections/vault").status == 200


def test_a_wrong_expired_or_revoked_key_is_refused_even_for_what_is_public() -> None:
    make_shop()
    past = timezone.now() - timedelta(days=1)
    for change in ({"expires_at": past}, {"revoked_at": past}):
        caller = Caller(Scope.READ)
        ApiKey.objects.update(**change)
        assert caller.get("collections/shop").code == "unauthenticated"
    answer = Caller(secret="akin_wrong").get("collections/shop")
    assert (answer.status, answer.code, answer.headers["WWW-Authenticate"]) == (401, "unauthenticated", "Bearer")


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer  ", "akin_key", "Bearer " + "x" * 5_000])
def test_a_malformed_header_is_refused(header: str) -> None:
    make_shop()
    caller = Caller()
    caller.headers = {"Authorization": header}
    assert caller.get("collections/shop").status == 401
