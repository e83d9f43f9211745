"""The doctor: a healthy Akin, and each fault with its remedy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from catalog.models import Item, Run
from catalog.models.run import RunKind
from config.doctor import examination, indexes, processes, server, surroundings, vectors
from config.doctor.findings import Finding
from search.embedding.spaces.lifecycle import active_space
from search.errors import EncoderUnavailable
from search.models import ItemEmbedding, Passage
from tests.factories import make_collection, shop_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of a running Akin; nobody is asked."""
    queues = {"embedding@here": [{"name": "embedding"}], "jobs@here": [{"name": "default"}]}
    monkeypatch.setattr("config.celery.app.control.inspect", lambda timeout: _Inspect(queues))


class _Inspect(NamedTuple):
    queues: Any

    def active_queues(self) -> Any:
        return self.queues


def faults(findings: Iterator[Finding]) -> list[Finding]:
    found = [finding for finding in findings if finding.level != "ok"]
    assert all(finding.message and finding.remedy for finding in found)
    return found


def execute(sql: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)


def test_a_healthy_akin_has_no_error(capsys: pytest.CaptureFixture[str]) -> None:
    shop_of({"title": "Tent"}, {"title": "Stove"})
    call_command("doctor", "--json")
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [one for one in findings if one["level"] == "error"] == []
    assert {one["about"] for one in findings} == {
        *examination.BEFORE_DATABASE,
        *examination.OF_DATABASE,
        "database",
    }


def test_an_error_is_told_with_its_remedy_and_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    execute("DELETE FROM search_passage WHERE item_id = %s", shop_of({"title": "Tent"}).items.get().pk)
    with pytest.raises(SystemExit) as caught:
        call_command("doctor")
    assert caught.value.code == 1
    told = capsys.readouterr().out
    assert "ERROR   embeddings: 1 items count as embedded and have no vector" in told
    assert "mend: A running Akin mends it within five minutes" in told
    assert told.splitlines()[-1].startswith("1 errors, ")


def test_a_database_that_does_not_answer_is_the_only_thing_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Iterator[Finding]:
        raise OperationalError("connection refused")

    monkeypatch.setattr(server, "answers", fail)
    findings = list(examination.examine())
    assert findings[-1].about == "database" and "connection refused" in findings[-1].message
    assert {finding.about for finding in findings} == {*examination.BEFORE_DATABASE, "database"}


@pytest.mark.django_db(transaction=True)
def test_an_index_that_is_not_valid_is_named() -> None:
    make_collection("one", description="alike")
    make_collection("two", description="alike")
    try:
        with pytest.raises(IntegrityError):
            execute("CREATE UNIQUE INDEX CONCURRENTLY half_built ON catalog_collection (description)")
        (found,) = faults(indexes.validity())
        assert (found.level, found.remedy) == ("error", "REINDEX INDEX CONCURRENTLY half_built")
    finally:
        execute("DROP INDEX IF EXISTS half_built")


def test_a_missing_index_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.retrieval.upkeep.indexes.MIN_ITEMS", 2)
    shop = shop_of({"title": "Tent"}, {"title": "Stove"})
    (found,) = faults(indexes.validity())
    assert found.level == "warning" and f"item_words_c{shop.pk} is missing" in found.message


def test_dead_rows_of_vectors_are_answered_by_a_new_index_instead_of_a_vacuum(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("catalog_item", 3_000, 1_000), ("search_passage", 3_000, 1_000)]
    monkeypatch.setattr(indexes, "_rows", lambda sql, parameters: rows)
    item, passage = faults(indexes.dead_rows())
    assert item.remedy == "VACUUM (ANALYZE) catalog_item"
    assert passage.remedy.startswith("REINDEX INDEX CONCURRENTLY")
    assert "1,000 of 4,000 rows" in passage.message


@pytest.mark.django_db(transaction=True)
def test_a_fresh_vector_index_is_not_bloated_and_one_of_deleted_rows_is(monkeypatch: pytest.MonkeyPatch) -> None:
    execute("CREATE TABLE vectors (id serial, embedding halfvec(384))")
    try:
        execute(
            "INSERT INTO vectors (embedding) SELECT array_agg(random())::real[]::halfvec(384)"
            " FROM generate_series(1, 1500) n, generate_series(1, 384) GROUP BY n"
        )
        execute("CREATE INDEX fresh ON vectors USING hnsw (embedding halfvec_cosine_ops) WITH (m = 24)")
        execute("ANALYZE vectors")
        assert faults(indexes.bloat()) == []
        execute("DELETE FROM vectors WHERE id > 400")
        execute("VACUUM vectors")
        monkeypatch.setattr(indexes, "MIN_ROWS", 100)
        (found,) = faults(indexes.bloat())
        assert found.remedy == "REINDEX INDEX CONCURRENTLY fresh"
    finally:
        execute("DROP TABLE vectors")


def test_vectors_of_another_size_are_counted() -> None:
    shop_of({"title": "Tent"})
    Passage.objects.update(embedding=[1.0, 0.0])
    (found,) = faults(vectors.dimensions())
    assert found.level == "error" and "have 2 dimensions instead of" in found.message
    execute(found.remedy)
    assert ItemEmbedding.objects.get().state == "pending"


def test_rows_of_items_that_are_gone_are_counted() -> None:
    shop_of({"title": "Tent"})
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("ALTER TABLE catalog_item DISABLE TRIGGER USER")
    execute("DELETE FROM catalog_item")
    assert [found.message for found in faults(vectors.orphans())] == [
        "1 vectors without an item.",
        "1 embedding states without an item.",
    ]


def test_items_with_vectors_of_another_text_and_unmarked_ones_are_errors() -> None:
    shop_of({"title": "Tent"}, {"title": "Stove"})
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("ALTER TABLE catalog_item DISABLE TRIGGER USER")
    Item.objects.filter(external_id="i0").update(title="Kayak")
    ItemEmbedding.objects.filter(item__external_id="i1").delete()
    messages = [found.message for found in faults(vectors.embeddings())]
    assert messages == [
        "1 items were never marked to be embedded.",
        "0 items count as embedded and have no vector, 1 have those of another text.",
    ]


def test_attributes_that_are_embedded_with_the_text_make_no_other_text() -> None:
    shop_of({"title": "Tent", "attributes": {"brand": "Nordwand"}})
    assert Item.objects.get().attribute_texts
    assert faults(vectors.embeddings()) == []


def test_what_failed_or_waits_too_long_is_told() -> None:
    shop_of({"title": "Tent"}, {"title": "Stove"})
    ItemEmbedding.objects.filter(item__external_id="i0").update(state="failed")
    ItemEmbedding.objects.filter(item__external_id="i1").update(
        state="pending", marked_at=timezone.now() - timedelta(minutes=20)
    )
    failed, waiting = faults(vectors.embeddings())
    assert "1 items could not be embedded" in failed.message and "manage.py retry_embeddings" in failed.remedy
    assert "has waited 20 minutes" in waiting.message


def test_a_trigger_that_is_gone_or_switched_off_is_an_error() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'catalog_item'::regclass AND tgname LIKE 'pgtrigger%'"
            " ORDER BY 1 LIMIT 2"
        )
        first, second = (row[0] for row in cursor.fetchall())
    execute(f'DROP TRIGGER "{first}" ON catalog_item')
    execute(f'ALTER TABLE catalog_item DISABLE TRIGGER "{second}"')
    found = faults(vectors.triggers())
    assert len(found) == 2 and all(one.remedy == "manage.py pgtrigger install" for one in found)
    assert sorted(one.message.split(" ", 1)[1] for one in found) == [
        "is switched off: changes go unnoticed.",
        "is uninstalled: changes go unnoticed.",
    ]


def test_a_model_that_cannot_be_loaded_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(space: Any) -> Any:
        raise EncoderUnavailable("The model's file is damaged.")

    assert active_space()
    monkeypatch.setattr(vectors, "encoder_of", fail)
    (found,) = faults(vectors.encoder())
    assert found.message == "The model's file is damaged. Searches answer with words alone."


def test_a_missing_migration_is_named() -> None:
    execute("DELETE FROM django_migrations WHERE app = 'search' AND name >= '0013'")
    (found,) = faults(server.migrations())
    assert found.remedy == "manage.py migrate" and "the first is search.0013" in found.message


def test_settings_for_one_s_own_machine_are_told_of_in_public(settings: Settings) -> None:
    settings.HOST, settings.AKIN_HTTPS, settings.AKIN_RATE_LIMIT = "0.0.0.0", False, 0  # noqa: S104
    settings.DEBUG, settings.ALLOWED_HOSTS = True, ["*"]
    assert [found.level for found in faults(surroundings.settings_of_production())] == ["error", *["warning"] * 3]


def test_a_queue_without_a_worker_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("config.celery.app.control.inspect", lambda timeout: _Inspect(None))
    assert [found.message.split("'")[1] for found in faults(processes.workers())] == ["embedding", "default"]


def test_a_run_of_which_nothing_is_heard_is_told() -> None:
    run = Run.objects.create(kind=RunKind.DUPLICATE_SCAN, collection=make_collection(slug="shop"))
    assert faults(processes.runs()) == []
    Run.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(hours=2))
    (found,) = faults(processes.runs())
    assert "of 'shop' has said nothing since" in found.message
