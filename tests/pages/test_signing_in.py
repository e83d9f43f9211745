"""Signing in and out on the site, for people who have no business in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from catalog.models import Collection
from tests.pages.shop import make_shop, text_of

pytestmark = pytest.mark.django_db
NAME, PASSWORD = "nina", "a long enough one"


@pytest.fixture
def shop() -> Collection:
    """A private collection, of which nina is a member without being staff."""
    user = User.objects.create_user(NAME, password=PASSWORD)
    user.user_permissions.add(*_may_view())
    collection = make_shop(visibility="private")
    collection.members.add(user)
    return collection


def _may_view() -> list[Permission]:
    return list(Permission.objects.filter(codename__in=["view_item", "view_collection"]))


def test_who_is_no_staff_signs_in_sees_the_name_and_signs_out(shop: Collection) -> None:
    browser = Client()
    assert "Sign in" in text_of(browser.get("/"))
    answer = browser.post("/sign-in", {"username": NAME, "password": PASSWORD, "next": "/c/shop/?q=tent"})
    assert answer.headers["Location"] == "/c/shop/?q=tent"
    page = text_of(browser.get("/c/shop/?q=tent"))
    assert f"<span>{NAME}</span>" in page and "Sign out" in page and "Sign in" not in page
    assert browser.get("/sign-in").headers["Location"] == "/"
    assert browser.get("/sign-out").status_code == 405
    assert browser.post("/sign-out").headers["Location"] == "/"
    assert "Sign in" in text_of(browser.get("/")) and browser.get("/c/shop/").status_code == 404


def test_a_wrong_password_is_told_and_too_many_are_asked_to_wait(shop: Collection) -> None:
    browser = Client()
    page = browser.post("/sign-in", {"username": NAME, "password": "wrong"})
    assert page.status_code == 200 and "correct" in text_of(page)
    for _ in range(10):
        page = browser.post("/sign-in", {"username": NAME, "password": "wrong"})
    assert page.status_code == 429 and "Too many failed sign-ins" in text_of(page)
    assert browser.post("/sign-in", {"username": NAME, "password": PASSWORD}).status_code == 429


@pytest.mark.parametrize("address", ["https://example.org/", "//example.org", "javascript:alert(1)"])
def test_signing_in_leads_to_no_foreign_site(shop: Collection, address: str) -> None:
    answer = Client().post("/sign-in", {"username": NAME, "password": PASSWORD, "next": address})
    assert answer.headers["Location"] == "/"
