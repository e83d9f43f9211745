"""The review of duplicate pairs in the admin."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Collection, Item
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from search.models import DuplicatePair
from search.models.duplicate import PairState
from tests.admin_people import charlie, curator
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db
LIST = "/admin/search/duplicatepair/"


@pytest.fixture
def pairs() -> list[DuplicatePair]:
    """Four pairs of one collection, the best first."""
    shop = create_collection(slug="shop")
    titles = ["Red tent", "Blue tent", "<b>Stove</b>", "Lamp", "Rope"]
    entries = [parse_item({"external_id": f"i{n}", "title": t}) for n, t in enumerate(titles)]
    upsert_items(collection=shop, entries=entries)
    items = list(Item.objects.order_by("pk"))
    return [make(shop, items[0], item, 0.9 - n / 10) for n, item in enumerate(items[1:])]


def make(shop: Collection, first: Item, second: Item, score: float) -> DuplicatePair:
    evidence = [
        {"name": "meaning", "label": "Similarity of meaning", "value": score, "contribution": score},
        {"name": "colour_conflict", "label": "Different colours", "value": 1.0, "contribution": -2.0},
    ]
    return DuplicatePair.objects.create(
        collection=shop,
        first=first,
        second=second,
        score=score,
        is_flagged=score > 0.8,
        evidence=evidence,
        first_digest=bytes(first.text_digest),
        second_digest=bytes(second.text_digest),
    )


def listed(browser: Any, **filters: str) -> list[int]:
    return [pair.pk for pair in browser.get(LIST, filters).context["cl"].result_list]


def test_the_queue_shows_what_is_to_review_best_first(pairs: list[DuplicatePair]) -> None:
    DuplicatePair.objects.filter(pk=pairs[1].pk).update(state=PairState.DISMISSED)
    browser = curator()
    assert listed(browser) == [pairs[0].pk, pairs[2].pk, pairs[3].pk]
    assert listed(browser, state="dismissed") == [pairs[1].pk]
    assert listed(browser, state="all") == [pair.pk for pair in pairs]
    assert listed(browser, is_flagged__exact="1") == [pairs[0].pk]
    assert listed(browser, q="lamp") == [pairs[2].pk]
    page = browser.get(LIST).content.decode()
    assert "Different colours, Similarity of meaning" in page
    assert "&lt;b&gt;Stove" not in page


def test_the_queue_sorts_keys_and_reads_rows_of_the_page_only(
    pairs: list[DuplicatePair], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin.site.get_model_admin(DuplicatePair), "list_per_page", 2)
    browser = curator()
    assert listed(browser, p="2") == [pairs[2].pk, pairs[3].pk]
    with CaptureQueriesContext(connection) as queries:
        browser.get(LIST)
    assert len(queries) <= 12
    sorting = [q["sql"] for q in queries.captured_queries if "duplicatepair" in q["sql"] and "LIMIT 2" in q["sql"]]
    assert len(sorting) == 1
    assert "evidence" not in sorting[0]
    assert "JOIN" not in sorting[0]


@pytest.mark.parametrize(
    ("action", "state"), [("same", "confirmed"), ("not_the_same", "dismissed"), ("undecide", "suggested")]
)
def test_pairs_are_decided_together(pairs: list[DuplicatePair], action: str, state: str) -> None:
    chosen = [pairs[0].pk, pairs[1].pk]
    browser, asked = curator(), {"action": action, "_selected_action": chosen}
    before = list(DuplicatePair.objects.values_list("state", flat=True))
    page = browser.post(f"{LIST}?state=all", asked).content.decode()
    assert "2 of 2 pairs will change" in page
    assert list(DuplicatePair.objects.values_list("state", flat=True)) == before
    browser.post(f"{LIST}?state=all", {**asked, "confirmed": "yes"})
    assert set(DuplicatePair.objects.filter(pk__in=chosen).values_list("state", flat=True)) == {state}
    assert DuplicatePair.objects.get(pk=pairs[2].pk).state == "suggested"
    assert LogEntry.objects.count() == 2


def test_a_pair_is_shown_side_by_side_with_its_differences(pairs: list[DuplicatePair]) -> None:
    page = curator().get(f"{LIST}{pairs[0].pk}/change/").content.decode()
    assert '<mark class="akin-differs">Red</mark> tent' in page
    assert '<mark class="akin-differs">Blue</mark> tent' in page
    assert "-2.00" in page
    assert "4 to review" in page
    assert "“i0” ~ “i1”" in page  # its name in the head of the page


def test_titles_are_escaped(pairs: list[DuplicatePair]) -> None:
    page = curator().get(f"{LIST}{pairs[1].pk}/change/").content.decode()
    assert "<b>Stove" not in page
    assert "&lt;" in page


def test_a_decision_leads_to_the_next_pair(pairs: list[DuplicatePair]) -> None:
    browser = curator()
    answer = browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "dismissed", "reason": "Other colour"})
    assert answer.headers["Location"] == f"{LIST}{pairs[1].pk}/change/"
    pair = DuplicatePair.objects.get(pk=pairs[0].pk)
    assert (pair.state, pair.reason, pair.decided_by_name) == ("dismissed", "Other colour", "cleo")
    answer = browser.post(f"{LIST}{pairs[3].pk}/decide/", {"decision": "confirmed"})
    assert answer.headers["Location"] == LIST
    assert "Other colour" in LogEntry.objects.order_by("pk")[0].change_message


def test_the_way_through_the_queue_keeps_filters_and_order(pairs: list[DuplicatePair]) -> None:
    """By impact the third pair comes first, then the second; the fourth one is not flagged."""
    DuplicatePair.objects.filter(pk__in=[pair.pk for pair in pairs[:3]]).update(is_flagged=True)
    for pair, impact in zip(pairs, (1, 2, 3, 2), strict=True):
        DuplicatePair.objects.filter(pk=pair.pk).update(impact=impact)
    browser, filters = curator(), "is_flagged__exact=1&o=-2"
    assert listed(browser, is_flagged__exact="1", o="-2") == [pairs[2].pk, pairs[1].pk, pairs[0].pk]
    asked = {"_changelist_filters": filters}
    kept = urlencode(asked)
    assert f"{LIST}{pairs[2].pk}/change/?{kept}" in browser.get(f"{LIST}?{filters}").content.decode()
    page = browser.get(f"{LIST}{pairs[2].pk}/change/", asked)
    assert page.context["next_address"] == f"{LIST}{pairs[1].pk}/change/?{kept}"
    answer = browser.post(f"{LIST}{pairs[1].pk}/decide/", {"decision": "dismissed", **asked})
    assert answer.headers["Location"] == f"{LIST}{pairs[0].pk}/change/?{kept}"
    assert browser.post(f"{LIST}undo/", asked).headers["Location"] == f"{LIST}{pairs[1].pk}/change/?{kept}"
    answer = browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "dismissed", **asked})
    assert answer.headers["Location"] == f"{LIST}?{filters}"


def test_only_known_decisions_are_taken_and_only_by_post(pairs: list[DuplicatePair]) -> None:
    browser = curator()
    address = f"{LIST}{pairs[0].pk}/decide/"
    assert browser.get(address).status_code == 405
    assert browser.post(address, {"decision": "perhaps"}).status_code == 422
    assert browser.post(f"{LIST}999999/decide/", {"decision": "confirmed"}).status_code == 404


def test_charlie_sees_and_decides_nothing(pairs: list[DuplicatePair]) -> None:
    browser = charlie()
    assert {browser.get(LIST + path).status_code for path in ("", f"{pairs[0].pk}/change/")} == {403}
    assert browser.post(f"{LIST}{pairs[0].pk}/decide/", {"decision": "confirmed"}).status_code == 403
    assert browser.post(LIST, {"action": "same", "_selected_action": [pairs[0].pk]}).status_code == 403
    assert not DuplicatePair.objects.exclude(state="suggested").exists()


def test_the_pages_of_pairs_lead_back_as_well_as_on_and_groups_open_on_their_collection(
    pairs: list[DuplicatePair],
) -> None:
    browser = curator()
    page = browser.get(f"{LIST}{pairs[1].pk}/change/")
    assert page.context["previous_address"] == f"{LIST}{pairs[0].pk}/change/"
    assert browser.get(f"{LIST}{pairs[0].pk}/change/").context["previous_address"] == ""
    other = add_items(make_collection("aaa"), {"title": "Lamp"}, {"title": "Lamps"})
    make(other[0].collection, other[0], other[1], 0.9)
    assert browser.get(f"{LIST}groups/").context["chosen"] == pairs[0].collection
    browser.get(LIST, {"collection__id__exact": other[0].collection_id})
    assert browser.get(f"{LIST}groups/").context["chosen"] == other[0].collection
