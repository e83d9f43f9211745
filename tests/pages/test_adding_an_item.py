"""The form that adds an item, with its warning of duplicates."""

from __future__ import annotations

import time

import pytest
from django.test import Client

from catalog.models import Collection, Item
from search.duplicates import adding
from search.errors import EncoderUnavailable
from tests.pages.shop import client_of, make_shop, text_of

pytestmark = pytest.mark.django_db
ADD = "/c/shop/add"
STOVE = {"title": "Gas stove", "body": "Boils a litre in three minutes.", "external_id": "stove-1"}
TWIN = {"title": "Dome tent for two", "body": "Green fabric, two porches and a rainproof floor."}


@pytest.fixture
def shop() -> Collection:
    return make_shop()


@pytest.fixture
def ada(shop: Collection) -> Client:
    return client_of("ada", is_staff=True)


def test_strangers_are_sent_to_the_login_page(shop: Collection) -> None:
    for response in (Client().get(ADD), Client().post(ADD, STOVE), Client().post(f"{ADD}/check", STOVE)):
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in?next=/c/shop/add")
    assert not Item.objects.filter(external_id="stove-1").exists()


def test_people_who_may_not_write_are_told_so(shop: Collection) -> None:
    response = client_of("charlie").post(ADD, STOVE)
    assert response.status_code == 403
    assert "This is not for you to do" in text_of(response)
    assert not Item.objects.filter(external_id="stove-1").exists()


def test_the_form_has_a_field_for_each_attribute(ada: Client) -> None:
    html = text_of(ada.get(f"{ADD}?title=Red+stove"))
    assert 'value="Red stove"' in html
    for part in (
        'name="attribute.brand"',
        'name="attribute.price" inputmode="decimal"',  # a number field would swallow the comma of 79,50
        'type="date" name="attribute.released"',
    ):
        assert part in html


def test_a_new_item_is_saved_and_shown_with_a_way_back(ada: Client) -> None:
    values = {
        **STOVE,
        "attribute.brand": "Norrdal; Tarnholt",
        "attribute.price": "39",
        "attribute.released": "2026-03-31",
        "attribute.sku": " GS-1 ",
    }
    response = ada.post(ADD, values, follow=True)
    assert response.redirect_chain == [("/c/shop/items/stove-1", 302)]
    assert "It can be found as soon as it is indexed" in text_of(response)
    assert "Take it back" in text_of(response)
    assert Item.objects.get(external_id="stove-1").attributes == {
        "brand": ["Norrdal", "Tarnholt"],
        "price": 39,
        "released": "2026-03-31",
        "sku": "GS-1",
    }


def test_an_external_id_is_made_from_the_title(ada: Client) -> None:
    for _ in range(3):
        seen = list(Item.objects.values_list("external_id", flat=True))
        ada.post(ADD, {"title": "Gas stove — très bon", "seen": seen})
    ids = Item.objects.filter(title__startswith="Gas").values_list("external_id", flat=True)
    assert list(ids) == ["gas-stove-tres-bon", "gas-stove-tres-bon-2", "gas-stove-tres-bon-3"]


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"title": "", "body": " "}, None, "Title and body are both empty."),
        ({"title": "T" * 1_001}, "title", "at most 1000 characters"),
        ({"image": "ftp://x/y.png"}, "image", "Must start with http://, https:// or /."),
        ({"url": "javascript:alert(1)"}, "url", "Must not be a script or embedded data."),
        ({"attribute.price": "cheap"}, "attribute.price", "Enter a number."),
        ({"attribute.released": "soon"}, "attribute.released", "Enter a valid date."),
    ],
)
def test_errors_stand_by_their_field_and_nothing_typed_is_lost(
    ada: Client, values: dict[str, str], field: str | None, reason: str
) -> None:
    response = ada.post(ADD, {**STOVE, "attribute.sku": "kept & safe", **values})
    html = text_of(response)
    assert response.status_code == 422
    assert reason in html
    assert 'value="kept &amp; safe"' in html
    if field:
        assert html.index(f'name="{field}"') < html.index(reason)
        assert 'aria-invalid="true"' in html
    assert not Item.objects.filter(external_id="stove-1").exists()


def test_a_taken_external_id_is_an_error_of_that_field(ada: Client) -> None:
    response = ada.post(ADD, {**STOVE, "external_id": "tent-1"})
    assert response.status_code == 409
    assert "exists already" in text_of(response)
    assert Item.objects.get(external_id="tent-1").title == "Dome tent for two"


def test_duplicates_are_shown_before_saving_and_can_be_overruled(ada: Client) -> None:
    warned = ada.post(ADD, TWIN)
    html = text_of(warned)
    assert warned.status_code == 200
    assert "Not saved yet: is it one of these?" in html
    assert "Save anyway" in html
    assert '<input type="hidden" name="seen" value="tent-1">' in html
    assert "%" in html
    assert Item.objects.filter(title=TWIN["title"]).count() == 1
    saved = ada.post(ADD, {**TWIN, "seen": "tent-1"})
    assert saved.status_code == 302
    assert Item.objects.filter(title=TWIN["title"]).count() == 2


def test_the_check_while_typing_names_duplicates_and_the_id(ada: Client) -> None:
    html = text_of(ada.post(f"{ADD}/check", TWIN))
    assert "Is it one of these?" in html
    assert "Save anyway" in html
    assert "dome-tent-for-two" in html
    assert "Nothing like it in the catalog" in text_of(ada.post(f"{ADD}/check", STOVE))
    for unfinished in ({}, {"title": "x" * 5_000}, {**STOVE, "attribute.price": "?"}):
        assert ada.post(f"{ADD}/check", unfinished).status_code == 200
    assert ada.post(f"{ADD}/check", {"title": "\x00"}).status_code == 400


def test_without_an_encoder_items_can_still_be_added(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**values: object) -> None:
        raise EncoderUnavailable("down")

    monkeypatch.setattr(adding, "check_item", fail)
    assert "cannot be looked for" in text_of(ada.post(f"{ADD}/check", STOVE))
    assert ada.post(ADD, STOVE).status_code == 302


def test_what_was_just_added_can_be_taken_back_for_a_while(ada: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    ada.post(ADD, STOVE)
    assert ada.get(f"{ADD}/undo").status_code == 405
    response = ada.post(f"{ADD}/undo", {"external_id": "stove-1"}, follow=True)
    assert "“Gas stove” was taken back." in text_of(response)
    assert not Item.objects.filter(external_id="stove-1").exists()
    ada.post(ADD, STOVE)
    later = time.time() + adding.UNDO_SECONDS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert "Take it back" not in text_of(ada.get("/c/shop/items/stove-1"))
    assert ada.post(f"{ADD}/undo", {"external_id": "stove-1"}).status_code == 403


def test_nobody_can_take_back_what_somebody_else_added(ada: Client) -> None:
    ada.post(ADD, STOVE)
    other = client_of("bea", is_staff=True)
    assert "Take it back" not in text_of(other.get("/c/shop/items/stove-1"))
    assert other.post(f"{ADD}/undo", {"external_id": "stove-1"}).status_code == 403
    assert Item.objects.filter(external_id="stove-1").exists()


def test_a_form_from_elsewhere_is_refused_with_a_page_to_read(ada: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = ada.cookies
    response = strict.post(ADD, STOVE)
    assert response.status_code == 403
    assert "The form has gone stale" in text_of(response)


def test_the_check_while_typing_sees_an_identifier_as_it_is_typed(ada: Client) -> None:
    sku = str(Item.objects.get(external_id="tent-1").attributes["sku"])
    for typed in (
        {"title": "Quite another name", "attribute.sku": sku, "attribute.price": "?"},
        {"attribute.sku": sku},
    ):
        answer = text_of(ada.post(f"{ADD}/check", typed))
        assert 'value="tent-1"' in answer
    page = text_of(ada.get(ADD))
    assert "from:(fieldset.details input)" in page
