"""Replacing the model in the admin: the same steps as on the command line, for those who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from catalog.models import Collection
from search.embedding.encoders import registry
from search.embedding.queue import pipeline
from search.embedding.spaces import lifecycle
from search.embedding.spaces.lifecycle import active_space
from search.models import EmbeddingSpace, EvaluationRun, Passage
from search.models.embedding import EncoderKind, SpaceState
from search.retrieval.upkeep.readiness import promote_built_spaces
from tests.admin_people import administrator, charlie, curator
from tests.factories import shop_of
from tests.search.embedding.encoders.models_for_tests import save_static_model

pytestmark = pytest.mark.django_db
LIST = "/admin/search/embeddingspace/"


@pytest.fixture(autouse=True)
def _no_encoder_stays() -> Iterator[None]:
    registry._loaded.clear()
    yield
    registry._loaded.clear()


@pytest.fixture
def collection() -> Collection:
    return shop_of(*({"title": f"lamp number {n}"} for n in range(12)))


@pytest.fixture
def new(collection: Collection) -> EmbeddingSpace:
    return lifecycle.add_space(name="new", model="fake", kind=EncoderKind.FAKE, dimensions=64, options={"salt": "new"})


def state_of(space: EmbeddingSpace) -> str:
    space.refresh_from_db()
    return space.state


def press(browser: Client, space: EmbeddingSpace, step: str, **fields: str) -> str:
    """The page that follows."""
    address = f"{LIST}{space.pk}/step/"
    return browser.post(address, {"step": step, **fields}, follow=True).content.decode()


def page_of(browser: Client, space: EmbeddingSpace) -> str:
    return browser.get(f"{LIST}{space.pk}/change/").content.decode()


def built(space: EmbeddingSpace) -> EmbeddingSpace:
    lifecycle.build_space(space)
    pipeline.drain()
    promote_built_spaces()
    return lifecycle.get_space(space.name)


def judge(new: float, old: float) -> None:
    for name, other, ndcg in (("new", "fake", new), ("fake", "new", old)):
        figures = {"ndcg_at_10": ndcg, "recall_at_100": 0.9, "mrr_at_10": 0.5, "p50_ms": 4.0, "p95_ms": 9.0}
        EvaluationRun.objects.create(
            dataset="demo",
            configuration={"space": name, "against": other, "comparison": "1"},
            figures={"hybrid": figures},
        )


def test_the_whole_way_from_building_to_retiring(new: EmbeddingSpace) -> None:
    browser = administrator()
    assert "Workers embed 12 items in new" in press(browser, new, "build")
    assert "Building" in page_of(browser, new)
    pipeline.drain(), promote_built_spaces()
    judge(new=0.62, old=0.60)
    page = page_of(browser, new)
    assert "0.620" in page and "0.600" in page and "better" in page
    assert "new answers queries now." in press(browser, new, "activate")
    assert state_of(new) == SpaceState.ACTIVE
    assert "Roll back to fake" in page_of(browser, new)
    assert "fake answers queries again." in press(browser, new, "rollback")
    EmbeddingSpace.objects.filter(name="fake").update(activated_at=timezone.now() - timedelta(minutes=2))
    assert "Its vectors and indexes are deleted" in press(browser, new, "retire")
    assert state_of(new) == SpaceState.READY, "it was asked for, not confirmed"
    assert "new is retired" in press(browser, new, "retire", confirmed="1")
    assert state_of(new) == SpaceState.RETIRED
    assert not Passage.objects.filter(space=new).exists()
    assert LogEntry.objects.filter(object_id=str(new.pk)).count() == 4


def test_reasons_against_an_activation_are_said_and_a_judgement_can_be_overruled(new: EmbeddingSpace) -> None:
    browser = administrator()
    lifecycle.build_space(new)
    assert "new is building, not ready." in press(browser, new, "activate", confirmed="1")
    built(new)
    assert "new was not compared with fake yet." in press(browser, new, "activate")
    judge(new=0.50, old=0.60)
    page = press(browser, new, "activate")
    assert "On demo new is worse than fake: nDCG@10 0.500 against 0.600." in page
    assert state_of(new) == SpaceState.READY
    assert "although: On demo new is worse" in press(browser, new, "activate", confirmed="1")
    assert state_of(new) == SpaceState.ACTIVE


def test_missing_vectors_are_not_overruled(new: EmbeddingSpace) -> None:
    new = built(new)
    Passage.objects.filter(space=new).delete()
    new.item_embeddings.update(digest=None, state="failed")
    assert "12 items have no vectors in new yet." in press(administrator(), new, "activate", confirmed="1")
    assert state_of(new) == SpaceState.READY


def test_what_requests_may_still_read_is_not_retired(new: EmbeddingSpace) -> None:
    before = active_space()
    lifecycle.activate_space(built(new), is_forced=True)
    assert "It answered until a moment ago" in press(administrator(), before, "retire", confirmed="1")
    assert state_of(before) == SpaceState.READY


def test_a_step_that_the_state_does_not_offer_changes_nothing(new: EmbeddingSpace) -> None:
    browser = administrator()
    for step in ("activate", "rollback", "explode"):
        assert "that cannot be done now" in press(browser, new, step, confirmed="1")
    assert "is active: that cannot be done now" in press(browser, active_space(), "retire", confirmed="1")
    assert (state_of(new), active_space().name) == (SpaceState.ADDED, "fake")
    assert browser.get(f"{LIST}{new.pk}/step/").status_code == 405


def test_a_space_is_added_after_its_model_was_tried(collection: Collection, tmp_path: Path) -> None:
    save_static_model(tmp_path / "static")
    browser = administrator()
    fields = {
        "name": "small",
        "kind": "sentence-transformers",
        "model": str(tmp_path / "static"),
        "dimensions": "16",
        "storage": "binary",
        "query_prefix": "query: ",
        "options": "{}",
    }
    empty = browser.get(f"{LIST}add/").content.decode()
    assert "{}</textarea>" in empty
    for wrong, reason in (
        ({"dimensions": "64"}, "has 32 dimensions, fewer than 64"),
        ({"model": str(tmp_path / "nowhere")}, "cannot be loaded"),
        ({"name": "two words"}, "valid “slug”"),
        ({"name": "fake"}, "exists already"),
        ({"kind": "fake"}, "Select a valid choice"),
        ({"options": "[1]"}, "It has to be an object"),
    ):
        assert reason in browser.post(f"{LIST}add/", {**fields, **wrong}).content.decode()
    assert not EmbeddingSpace.objects.filter(name="small").exists()
    page = browser.post(f"{LIST}add/", fields, follow=True).content.decode()
    assert "small is added with 16 dimensions" in page
    space = EmbeddingSpace.objects.get(name="small")
    assert (space.state, space.storage, space.query_prefix) == (SpaceState.ADDED, "binary", "query: ")


def test_curators_look_and_charlie_does_not(new: EmbeddingSpace) -> None:
    looking, stranger = curator(), charlie()
    page = page_of(looking, new)
    assert "What it is" in page and "What to do with it" not in page
    for browser in (looking, stranger):
        for step in ("build", "compare", "activate", "rollback", "retire"):
            assert browser.post(f"{LIST}{new.pk}/step/", {"step": step, "confirmed": "1"}).status_code == 403
        assert browser.get(f"{LIST}add/").status_code == 403
        assert browser.post(f"{LIST}add/", {"name": "x"}).status_code == 403
    assert stranger.get(f"{LIST}{new.pk}/change/").status_code == 403
    assert "/admin/login/" in Client().post(f"{LIST}{new.pk}/step/", {"step": "build"})["Location"]
    assert state_of(new) == SpaceState.ADDED
