"""Pages of other web sites and the API: closed, unless the setting names them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from tests.factories import make_collection

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example.org"
ADDRESS = "/api/v1/collections"


def asked(path: str = ADDRESS, origin: str = SHOP, **options: Any) -> Any:
    return Client().get(path, headers={"Origin": origin}, **options)


def test_other_sites_are_told_nothing_by_default() -> None:
    make_collection()
    assert "Access-Control-Allow-Origin" not in asked()


def test_a_site_that_is_named_may_ask_the_api_and_nothing_else(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SHOP]
    answer = asked()
    assert answer["Access-Control-Allow-Origin"] == SHOP and "Access-Control-Allow-Credentials" not in answer
    assert "Access-Control-Allow-Origin" not in asked(origin="https://elsewhere.example.org")
    for path in ("/", "/admin/login/", "/metrics"):
        assert "Access-Control-Allow-Origin" not in asked(path)


def test_a_browser_that_asks_before_it_sends_a_key_is_let_through(settings: Settings) -> None:
    settings.CORS_ALLOWED_ORIGINS = [SHOP]
    headers = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = Client().options(f"{ADDRESS}/shop/items/a", headers=headers)
    assert answer.status_code == 200 and "authorization" in answer["Access-Control-Allow-Headers"]
    assert "PUT" in answer["Access-Control-Allow-Methods"]
