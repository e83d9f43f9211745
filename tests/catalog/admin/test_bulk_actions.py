"""Actions on many items: status, attributes, export, and long ones as runs."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from catalog.bulk import runs as bulk_runs
from catalog.bulk.tasks import change_waiting
from catalog.models import Collection, Item, Run
from catalog.models.run import RunState
from catalog.services.runs import cancel_runs
from search.models import ItemEmbedding
from tests.admin_people import charlie, curator, member
from tests.factories import add_items, make_collection, make_searchable

pytestmark = pytest.mark.django_db
LIST = "/admin/catalog/item/"


@pytest.fixture
def shop() -> Collection:
    collection = make_collection()
    add_items(collection, *({"title": f"Tent {n}", "attributes": {"brand": "Tarn"}} for n in range(5)))
    return collection


def act(browser: Client, action: str, items: Any = None, **more: str) -> Any:
    chosen = Item.objects.all() if items is None else items
    data = {"action": action, "_selected_action": [item.pk for item in chosen], **more}
    return browser.post(LIST, data, follow=True)


def test_nothing_is_done_before_it_is_confirmed_and_then_through_a_run(shop: Collection) -> None:
    browser = curator()
    page = act(browser, "archive").content.decode()
    assert "Archive 5 items?" in page and "Tent 0" in page
    assert not Item.objects.filter(status="archived").exists()
    done = act(browser, "archive", confirmed="yes").content.decode()
    assert "Archive 5 items: 5 done, 0 failed" in done
    assert set(Item.objects.values_list("status", flat=True)) == {"archived"}
    run = Run.objects.get()
    assert (run.state, run.done, run.total) == (RunState.FINISHED, 5, 5)
    act(browser, "publish", list(Item.objects.all()[:2]), confirmed="yes")
    assert Item.objects.filter(status="published").count() == 2
    act(browser, "unpublish", confirmed="yes")
    assert set(Item.objects.values_list("status", flat=True)) == {"draft"}


def test_an_attribute_is_set_by_the_schemas_parser_and_cleared(shop: Collection) -> None:
    browser = curator()
    assert ">Price<" in act(browser, "set_attribute").content.decode()
    assert "Choose an attribute" in act(browser, "set_attribute", confirmed="yes").content.decode()
    refused = act(browser, "set_attribute", confirmed="yes", name="price", text="abc").content.decode()
    assert "&#x27;abc&#x27; is not a number" in refused and not Run.objects.exists()
    act(browser, "set_attribute", confirmed="yes", name="price", text="79,50 €")
    act(browser, "set_attribute", confirmed="yes", other_name="shelf", text="B 4")
    assert Item.objects.first().attributes == {"brand": "Tarn", "price": 79.5, "shelf": "B 4"}  # type: ignore[union-attr]
    act(browser, "clear_attribute", confirmed="yes", name="brand")
    assert not Item.objects.filter(attributes__has_key="brand").exists()


def test_many_items_are_a_run_that_a_worker_carries_out_and_goes_on_with(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_runs, "AT_ONCE", 3)
    monkeypatch.setattr(bulk_runs, "BATCH_SIZE", 2)
    page = act(curator(), "archive", confirmed="yes")
    assert "5 items are being changed" in page.content.decode() and page.redirect_chain[-1][0] == "/admin/catalog/run/"
    assert not Item.objects.filter(status="archived").exists()
    batch = bulk_runs._batch

    def die(*values: Any) -> None:
        if Item.objects.filter(status="archived").count() == 2:
            raise KeyboardInterrupt
        batch(*values)

    monkeypatch.setattr(bulk_runs, "_batch", die)
    with pytest.raises(KeyboardInterrupt):
        change_waiting()
    Run.objects.update(state=RunState.RUNNING, finished_at=None)  # as a killed process leaves it
    monkeypatch.setattr(bulk_runs, "_batch", batch)
    change_waiting()
    run = Run.objects.get()
    assert (run.state, run.done, run.failed) == (RunState.FINISHED, 5, 0)
    assert set(Item.objects.values_list("status", flat=True)) == {"archived"}


def test_a_run_stops_when_it_is_cancelled(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_runs, "AT_ONCE", 0)
    act(curator(), "archive", confirmed="yes")
    cancel_runs(runs=Run.objects.all())
    change_waiting()
    assert Run.objects.get().state == RunState.CANCELLED and not Item.objects.filter(status="archived").exists()


def test_too_many_items_are_refused(shop: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.admin.item_actions.MAX_ITEMS", 4)
    assert "at most 4 items" in act(curator(), "archive", confirmed="yes").content.decode()
    assert not Run.objects.exists()


def test_all_that_a_list_finds_are_chosen_across_its_pages(shop: Collection) -> None:
    browser = curator()
    first = list(Item.objects.all()[:1])
    assert "Archive 5 items?" in act(browser, "archive", first, select_across="1").content.decode()
    act(browser, "archive", first, select_across="1", confirmed="yes")
    assert Item.objects.filter(status="archived").count() == 5


def test_chosen_items_are_exported(shop: Collection) -> None:
    answer = act(curator(), "export_csv", list(Item.objects.order_by("pk")[:2]))
    assert 'filename="items.csv"' in answer["Content-Disposition"]
    assert [row["title"] for row in csv.DictReader(io.StringIO(answer.content.decode()))] == ["Tent 0", "Tent 1"]
    assert len(act(curator_again(), "export_json").json()) == 5


def curator_again() -> Client:
    from django.contrib.auth.models import User

    client = Client()
    client.force_login(User.objects.get(username="cleo"))
    return client


def test_chosen_items_are_embedded_again(shop: Collection) -> None:
    make_searchable(shop)
    assert set(ItemEmbedding.objects.values_list("state", flat=True)) == {"embedded"}
    page = act(curator(), "embed_again", list(Item.objects.all()[:3])).content.decode()
    assert "3 embeddings are made anew" in page
    assert ItemEmbedding.objects.filter(state="pending", digest=None).count() == 3
    make_searchable(shop)
    assert set(ItemEmbedding.objects.values_list("state", flat=True)) == {"embedded"}


def test_members_change_their_own_items_only_and_charlie_none(shop: Collection) -> None:
    other = add_items(make_collection("other"), {"title": "Lamp"})
    act(member(other[0].collection), "archive", confirmed="yes")
    assert list(Item.objects.filter(status="archived")) == other
    assert act(charlie(), "archive", confirmed="yes").status_code == 403
