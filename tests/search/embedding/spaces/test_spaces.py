"""One model is replaced by another while people search: no search fails, mixes the two or comes back emptier."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Collection, Item, Run
from catalog.models.run import RunState
from search.embedding.encoders import registry
from search.embedding.queue import pipeline, sweep
from search.embedding.spaces import backfills, lifecycle, runs
from search.embedding.spaces.activation import uncovered
from search.embedding.status import backlog, item_embeddings
from search.errors import SpaceConflict
from search.models import EmbeddingSpace, EvaluationRun, ItemEmbedding, Passage
from search.models.embedding import EncoderKind, Modality, Priority, SpaceState
from search.retrieval.search import search
from search.retrieval.types import SearchRequest
from search.retrieval.upkeep.readiness import promote_built_spaces
from tests.factories import add_items, shop_of
from tests.search.embedding.encoders.models_for_tests import save_static_model

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_encoder_stays() -> Iterator[None]:
    registry._loaded.clear()
    yield
    registry._loaded.clear()


@pytest.fixture
def collection() -> Collection:
    return shop_of(*({"title": f"lamp number {n}"} for n in range(30)))


def added(name: str = "new", **fields: object) -> EmbeddingSpace:
    fields = {"dimensions": 64, "options": {"salt": name}, **fields}
    return lifecycle.add_space(name=name, model="fake", kind=EncoderKind.FAKE, **fields)  # type: ignore[arg-type]


def built(name: str = "new") -> EmbeddingSpace:
    space = added(name)
    lifecycle.build_space(space)
    pipeline.drain()
    promote_built_spaces()
    return lifecycle.get_space(name)


def evaluated(new: float, old: float) -> None:
    for name, other, ndcg in (("new", "fake", new), ("fake", "new", old)):
        EvaluationRun.objects.create(
            dataset="set",
            configuration={"space": name, "against": other, "comparison": "1"},
            figures={"hybrid": {"ndcg_at_10": ndcg}},
        )


def test_an_added_space_costs_nothing_until_it_is_built(collection: Collection) -> None:
    space = added()
    add_items(collection, {"title": "one more"})
    assert not ItemEmbedding.objects.filter(space=space).exists()
    run = lifecycle.build_space(space)
    assert (run.total, run.done, run.state) == (31, 0, RunState.RUNNING)
    assert set(ItemEmbedding.objects.filter(space=space).values_list("priority", flat=True)) == {Priority.BACKFILL}


def test_a_run_counts_rows_and_ends_with_them(collection: Collection) -> None:
    run = lifecycle.build_space(added())
    ItemEmbedding.objects.filter(space__name="new", item__title__endswith="1").update(state="failed")
    pipeline.drain()
    backfills.refresh_running()
    run.refresh_from_db()
    assert (run.total, run.done, run.failed, run.state) == (30, 27, 3, RunState.FINISHED)


def test_cancelling_the_backfill_of_a_new_space_retires_it(collection: Collection) -> None:
    run = lifecycle.build_space(added())
    Run.objects.filter(pk=run.pk).update(cancel_requested=True)
    backfills.refresh_running()
    run.refresh_from_db()
    assert (run.state, lifecycle.get_space("new").state) == (RunState.CANCELLED, SpaceState.RETIRED)
    assert not ItemEmbedding.objects.filter(space__name="new").exists()


def test_an_import_whose_process_is_gone_is_abandoned() -> None:
    silent, alive = Run.objects.create(kind="import"), Run.objects.create(kind="import")
    Run.objects.filter(pk=silent.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=6))
    assert runs.end_abandoned() == 1
    silent.refresh_from_db()
    alive.refresh_from_db()
    assert (silent.state, alive.state) == (RunState.FAILED, RunState.RUNNING)


def test_only_a_complete_space_is_ready(collection: Collection) -> None:
    space = added()
    lifecycle.build_space(space)
    assert promote_built_spaces() == []
    with pytest.raises(SpaceConflict, match="building, not ready"):
        lifecycle.activate_space(space, is_forced=True)
    pipeline.drain()
    assert [one.name for one in promote_built_spaces()] == ["new"]
    Item.objects.filter(title__endswith="7").update(title="changed")
    assert uncovered(lifecycle.get_space("new")) == 0, "they still have vectors in both"
    ItemEmbedding.objects.filter(space=space, item__title__endswith="8").update(digest=None, state="failed")
    with pytest.raises(SpaceConflict, match="3 items have no vectors in new"):
        lifecycle.activate_space(space, is_forced=True)


def test_a_worse_or_unknown_space_is_activated_by_force_only(collection: Collection) -> None:
    space = built()
    with pytest.raises(SpaceConflict, match="was not compared with fake"):
        lifecycle.activate_space(space)
    evaluated(new=0.50, old=0.60)
    with pytest.raises(SpaceConflict, match=r"worse than fake: nDCG@10 0\.500 against 0\.600"):
        lifecycle.activate_space(space)
    evaluated(new=0.60, old=0.60)
    assert lifecycle.activate_space(space).state == SpaceState.ACTIVE
    assert lifecycle.active_space().name == "new"
    assert lifecycle.get_space("fake").state == SpaceState.READY


def test_the_space_before_stays_current_until_it_is_retired(collection: Collection) -> None:
    lifecycle.activate_space(built(), is_forced=True)
    add_items(collection, {"title": "added afterwards"})
    assert pipeline.drain() == 2
    assert lifecycle.roll_back().name == "fake"
    assert lifecycle.roll_back().name == "new"
    with pytest.raises(SpaceConflict, match="activate another"):
        lifecycle.retire_space(lifecycle.active_space())
    with pytest.raises(SpaceConflict, match="until a moment ago"):
        lifecycle.retire_space(lifecycle.get_space("fake"))
    lifecycle.retire_space(lifecycle.get_space("fake"), is_forced=True)
    assert set(Passage.objects.values_list("space__name", flat=True)) == {"new"}
    with pytest.raises(SpaceConflict, match="No space that was active"):
        lifecycle.roll_back()


def test_a_worker_that_holds_items_of_a_retired_space_is_harmless(collection: Collection) -> None:
    from search.embedding.queue import claims

    space = added()
    lifecycle.build_space(space)
    claimed = claims.claim(100)
    lifecycle.retire_space(space)
    assert pipeline.embed(claimed) == 0
    assert not Passage.objects.filter(space=space).exists()


def test_the_command_walks_the_whole_way(collection: Collection, tmp_path: Path) -> None:
    dataset = tmp_path / "judged"
    dataset.mkdir()
    (dataset / "items.jsonl").write_text(
        '{"external_id": "a", "title": "red lamp"}\n{"external_id": "b", "title": "x"}\n'
    )
    (dataset / "queries.jsonl").write_text('{"id": "1", "text": "red lamp"}\n')
    (dataset / "qrels.tsv").write_text("query_id\titem_id\tgrade\n1\ta\t1\n")
    save_static_model(tmp_path / "static")

    def run(*words: str) -> str:
        out = StringIO()
        call_command("spaces", *words, stdout=out, stderr=StringIO())
        return out.getvalue()

    assert "added with 16 dimensions" in run("add", "small", str(tmp_path / "static"), "--dimensions", "16")
    assert "small is ready: 30 items embedded, 0 failed" in run("build", "small", "--wait")
    with pytest.raises(CommandError, match="not compared"):
        run("activate", "small")
    assert "judged: 1 queries" in run("compare", "small", "--dataset", str(dataset))
    assert "small answers queries now" in run("activate", "small")
    assert search(SearchRequest(collection, "lamp number 3", mode="semantic")).hits
    assert "fake answers queries now" in run("rollback")
    assert "is retired" in run("retire", "small", "--force")
    assert "small                   retired" in run("list")
    with pytest.raises(CommandError, match="has 32 dimensions, fewer than 64"):
        run("add", "long", str(tmp_path / "static"), "--dimensions", "64")


def test_a_space_of_another_modality_stands_beside_that_of_texts(collection: Collection) -> None:
    active_text = lifecycle.active_space()
    images = EmbeddingSpace.objects.create(
        name="images", kind="fake", model="fake", dimensions=8, modality=Modality.IMAGE, state=SpaceState.ACTIVE
    )
    (item,) = add_items(collection, {"title": "lamp with a picture"})
    assert pipeline.drain() == 1
    assert not ItemEmbedding.objects.filter(space=images).exists(), "its text is not embedded there"
    ItemEmbedding.objects.create(
        item=item, space=images, collection=collection,
        marked_at=timezone.now(), next_attempt_at=timezone.now(),
    )  # fmt: skip
    assert lifecycle.active_space() == active_text
    assert lifecycle.active_space(Modality.IMAGE) == images
    assert item_embeddings([item.pk])[item.pk].state == "embedded"
    assert backlog()[0]["pending"] == 0
    sweep.sweep()
    assert pipeline.drain() == 0, "what an image needs, no encoder of texts is given"
    assert ItemEmbedding.objects.filter(space=images).count() == 1
    new = built()
    lifecycle.activate_space(new, is_forced=True)
    assert lifecycle.active_space(Modality.IMAGE) == images, "one model is replaced, not the other"
