"""Statements are timed by who asks; a slow one is logged with its plan, and with nobody's words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from config.watching.measuring import statements
from search.retrieval.ranking.index_query import ef_search_in, fetch
from tests.factories import shop_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _measured() -> Iterator[None]:
    statements.forget()
    assert statements.measured in connection.execute_wrappers
    yield
    statements.forget()


def noted(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    """The one slow statement that was logged, as it is written."""
    (record,) = [one for one in caplog.records if one.name == "akin.slow"]
    return vars(record)


def test_the_metrics_say_how_long_each_function_waits_for_the_database(client: Client) -> None:
    shop = shop_of({"title": "Tent for two"}, {"title": "Stove"})
    client.get(f"/api/v1/collections/{shop.slug}/search?q=tent")
    text = client.get("/metrics").content.decode()
    assert 'akin_statement_seconds_count{asked_by="legs.retrieve"}' in text
    for stage in ("whole", "words", "encode", "both_legs", "scores", "collapse", "hits"):
        assert f'akin_stage_seconds_count{{stage="search.{stage}"}}' in text


def test_a_slow_statement_is_logged_with_its_plan(caplog: pytest.LogCaptureFixture, settings: Settings) -> None:
    settings.AKIN_SLOW_QUERY_MS = 50
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*), pg_sleep(0.1) FROM catalog_item WHERE title = %s", ["a private title"])
    fields = noted(caplog)
    assert fields["milliseconds"] >= 100
    assert "FROM catalog_item" in fields["statement"]
    assert "catalog_item" in fields["plan"] and "cost=" in fields["plan"]
    assert "private" not in caplog.text


def test_the_settings_that_go_with_a_statement_hold_for_its_plan(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.AKIN_SLOW_QUERY_MS = 50
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL enable_seqscan = off;"
            " SELECT id FROM catalog_collection WHERE id = (SELECT 1 FROM pg_sleep(0.1) LIMIT 1)"
        )
    assert "Index" in noted(caplog)["plan"]


def test_a_slow_search_of_the_vector_index_is_answered_and_has_its_plan(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.AKIN_SLOW_QUERY_MS = 50
    slow = "SELECT count(*) FROM catalog_item, pg_sleep(0.1)"
    assert fetch(slow, {}, ef_search=ef_search_in(1)) == [(0,)]
    plan = noted(caplog)["plan"]
    assert "catalog_item" in plan and "cost=" in plan


def test_of_several_statements_none_is_run_again_for_a_plan(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.AKIN_SLOW_QUERY_MS = 50
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE noted (at int)")
        cursor.execute("SELECT pg_sleep(0.1); INSERT INTO noted VALUES (1)")
        cursor.execute("SELECT count(*) FROM noted")
        assert cursor.fetchone() == (1,)
    assert "(no plan)" in caplog.text


def test_quick_statements_and_plans_in_quick_succession_are_not_logged(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.AKIN_SLOW_QUERY_MS = 50
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        for _ in range(2):
            cursor.execute("SELECT pg_sleep(0.06)")
    plans = [vars(one)["plan"] for one in caplog.records if one.name == "akin.slow"]
    assert len(plans) == 2 and "Result" in plans[0] and plans[1].startswith("(not asked for again")


def test_what_cannot_be_planned_leaves_the_transaction_whole(
    caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    settings.AKIN_SLOW_QUERY_MS = 50
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN PERFORM pg_sleep(0.1); END $$")
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
    (record,) = [one for one in caplog.records if one.name == "akin.slow"]
    assert record.levelno == logging.WARNING and vars(record)["plan"] == "(no plan)"
