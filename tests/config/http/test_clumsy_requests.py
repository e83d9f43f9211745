"""What no person sends on purpose is answered clearly, not with an error of the server."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from catalog.models.api_key import Scope
from tests.admin_people import administrator
from tests.api_caller import Caller, make_shop

pytestmark = pytest.mark.django_db

NUL_ADDRESSES = (
    "/?collection=%00",
    "/c/shop/?q=%00",
    "/c/shop/items/%00",
    "/c/shop/related/%00",
    "/c/shop/indexing/%00",
    "/admin/catalog/item/?q=%00",
    "/admin/catalog/item/?status__exact=%00",
    "/admin/search/duplicatepair/?q=tent%00",
    "/admin/catalog/item/%00/change/",
)


@pytest.mark.parametrize("address", NUL_ADDRESSES)
def test_nul_in_an_address_is_a_bad_request(address: str) -> None:
    make_shop()
    browser = administrator()
    browser.raise_request_exception = False
    assert browser.get(address).status_code == 400


def test_nul_in_a_form_is_a_bad_request() -> None:
    make_shop()
    browser = administrator()
    browser.raise_request_exception = False
    assert browser.post("/c/shop/add/undo", {"external_id": "\x00"}).status_code == 400
    assert (
        browser.post("/admin/search/duplicatepair/", {"action": "same", "_selected_action": "\x00"}).status_code == 400
    )


def test_a_refused_next_leads_to_the_admin() -> None:
    User.objects.create_superuser("ada", password="a-long-password")
    fields = {"username": "ada", "password": "a-long-password", "next": "https://evil.example/"}
    answer = Client().post("/admin/login/", fields, REMOTE_ADDR="127.0.0.1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")


def test_a_calibration_of_5000_digits_is_not_there() -> None:
    shop = make_shop()
    browser = administrator()
    browser.raise_request_exception = False
    fields = {"action": "again", "calibration": "9" * 5_000}
    assert browser.post(f"/admin/catalog/collection/{shop.pk}/calibrate/", fields).status_code == 404


def test_a_collection_cannot_lose_its_name() -> None:
    make_shop()
    answer = Caller(Scope.CURATE).patch("collections/shop", {"name": ""})
    assert answer.status == 422
    assert answer.json["error"]["details"][0]["field"] == "name"
