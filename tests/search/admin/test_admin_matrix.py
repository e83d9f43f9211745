"""Every address of the admin by role: what hangs on a private collection is closed to all but its people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from catalog.access import create_key
from catalog.models import ApiKey, Collection, Item, Run
from catalog.models.api_key import Scope
from catalog.services.merge import merge_items
from search.models import (
    DuplicatePair,
    EmbeddingSpace,
    EvaluationRun,
    ItemEmbedding,
    JudgedSet,
    Suggestion,
    Topic,
)
from search.models.insight import SuggestionKind, TopicLevel
from tests.admin_people import administrator, charlie, curator, member
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db

OPEN = {"login", "logout", "jsi18n", "view_on_site"}
OF_ALL_STAFF = {"index", "search", "autocomplete", "password_change", "password_change_done", "app_list"}
# Keys are each person's own; people, groups and spaces belong to no collection and ask for rights of their own.
OF_NO_COLLECTION = ("catalog_apikey_", "auth_", "search_embeddingspace_")
SECRET = "Zanzibar"
OF_PEOPLE = (Collection, Item, Run, DuplicatePair, ItemEmbedding, JudgedSet, EvaluationRun, ApiKey, Suggestion)


def names() -> list[str]:
    def walk(patterns: Any, route: str = "") -> Iterator[str]:
        for pattern in patterns:
            path = route + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, path)
            elif isinstance(pattern, URLPattern) and path.startswith("admin/") and pattern.name:
                yield pattern.name

    return sorted(set(walk(get_resolver().url_patterns)) - OPEN)


class Place:
    """A private collection with a row in each list, whose every text holds the secret."""

    def __init__(self) -> None:
        shop = self.shop = make_collection("zanzibar", name=SECRET, visibility="private")
        first, second, *merged = add_items(shop, *({"title": f"{SECRET} {n}"} for n in range(4)))
        digests = {"first_digest": bytes(first.text_digest), "second_digest": bytes(second.text_digest)}
        pair = DuplicatePair.objects.create(
            collection=shop, first=first, second=second, score=0.9, is_flagged=True, **digests
        )
        run = Run.objects.create(kind="import", collection=shop)
        record = merge_items(keeper=merged[0], other=merged[1])
        space = EmbeddingSpace.objects.order_by("pk").first()
        assert space is not None
        topic = {"collection": shop, "space": space, "level": TopicLevel.FINE, "name": SECRET, "centroid": [1.0]}
        suggestion = {"collection": shop, "item": first, "kind": SuggestionKind.TAG, "attribute": SECRET}
        evaluation = {"dataset": SECRET, "configuration": {"collection": shop.slug}, "figures": {}}
        self._rows: dict[str, Any] = {
            "catalog_apikey": create_key(name=SECRET, scope=Scope.READ, collections=[shop])[0],
            "auth_user": User.objects.create_user("tara"),
            "auth_group": Group.objects.order_by("pk").first(),
            "catalog_run": run,
            "catalog_collection": shop,
            "catalog_item": first,
            "search_evaluationrun": EvaluationRun.objects.create(**evaluation),
            "search_judgedset": JudgedSet.objects.create(collection=shop, name=SECRET, queries=[]),
            "search_duplicatepair": pair,
            "search_itemembedding": ItemEmbedding.objects.filter(collection=shop).first(),
            "search_embeddingspace": space,
            "search_topic": Topic.objects.create(**topic, computed_at=timezone.now()),
            "search_suggestion": Suggestion.objects.create(**suggestion, proposed="red", score=0.9),
        }
        self._numbers = {
            "collection_id": shop.pk, "run_id": run.pk, "pair_id": pair.pk, "record_id": record.pk,
            "item_id": first.pk, "space_id": space.pk, "id": self._rows["auth_user"].pk,
            "token": "none-such", "app_label": "catalog",
        }  # fmt: skip

    def has_row(self, name: str) -> bool:
        return name.rpartition("_")[0] in self._rows

    def address(self, name: str) -> str:
        """Of this place's row, with what the pattern of that name asks for."""
        possibilities = get_resolver().namespace_dict["admin"][1].reverse_dict.getlist(name)
        asked = possibilities[0][0][0][1]
        row = self._rows.get(name.rpartition("_")[0])
        numbers = {**self._numbers, "object_id": row.pk if row else 0}
        return reverse(f"admin:{name}", kwargs={key: numbers[key] for key in asked})


def snapshot() -> list[Any]:
    return [list(model._default_manager.order_by("pk").values()) for model in OF_PEOPLE]


def ask(browser: Client, address: str) -> list[Any]:
    """Read, and written to in the ways that change something if anybody may."""
    browser.raise_request_exception = False
    ids = list(DuplicatePair.objects.values_list("pk", flat=True))
    forms = (
        {"post": "yes", "confirmed": "1", "decision": "dismissed", "action": "exclude", "name": "x"},
        {"action": "delete_selected", "post": "yes", "_selected_action": ids, "select_across": "1"},
    )
    return [browser.get(address), *(browser.post(address, form) for form in forms)]


def is_refused(answer: Any) -> bool:
    """Sent away, or the list, the form and the overview are somebody else's without a word of this place."""
    assert answer.status_code < 500
    return answer.status_code in (302, 400, 403, 404, 405)


@pytest.mark.parametrize("name", names())
def test_strangers_and_people_without_rights_are_sent_away(name: str) -> None:
    address = Place().address(name)
    signed_in = Client()
    signed_in.force_login(User.objects.create_user("sam"))
    before = snapshot()
    for browser in (Client(), signed_in):
        for answer in ask(browser, address):
            assert answer.status_code in (302, 403)
            assert answer.status_code == 403 or "login" in answer["Location"] or "sign-in" in answer["Location"]
    for answer in ask(charlie(), address):
        assert is_refused(answer) or name in OF_ALL_STAFF, answer.status_code
        assert SECRET not in answer.content.decode()
    assert snapshot() == before


@pytest.mark.parametrize("name", names())
def test_a_member_of_another_collection_reads_and_changes_nothing(name: str) -> None:
    place = Place()
    address = place.address(name)
    before = snapshot()
    for answer in ask(member(make_collection("other")), address):
        assert answer.status_code < 500
        assert SECRET not in answer.content.decode()
    rows = snapshot()
    before[0].append(Collection.objects.filter(slug="other").values().get())
    assert rows == before


@pytest.mark.parametrize("name", names())
def test_its_own_people_and_curators_meet_no_error(name: str) -> None:
    address = Place().address(name)
    for browser in (member(Collection.objects.get(slug="zanzibar")), curator(), administrator()):
        browser.raise_request_exception = False
        assert browser.get(address).status_code < 500


@pytest.mark.parametrize(
    "name", [name for name in names() if name.endswith(("_changelist", "_change")) and "password" not in name]
)
def test_its_own_people_see_its_rows(name: str) -> None:
    place = Place()
    if place.has_row(name) and not name.startswith(OF_NO_COLLECTION):
        assert member(place.shop).get(place.address(name)).status_code == 200
    answer = administrator().get(place.address(name))
    assert answer.status_code == (200 if place.has_row(name) or name.endswith("_changelist") else 302)
