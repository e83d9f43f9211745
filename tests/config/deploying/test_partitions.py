"""Items and passages in partitions: nothing is lost on the way there, all goes on, and a request reads one of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.search.embedding.queue.stage import ROOT, Stage, set_up, wait_for

pytestmark = pytest.mark.slow

ASKS = Path(__file__).with_name("asked_partitions.py")
KINDS = (
    """UPDATE catalog_item SET attributes = jsonb_build_object('kind', CASE WHEN id %% 2 = 0 THEN 'a' ELSE 'b' END)"""
)
UNEMBEDDED = "SELECT count(*) FROM search_itemembedding WHERE state <> 'embedded'"
SCHEMA = """UPDATE catalog_collection SET attribute_schema = '{"kind": {"type": "term", "facet": true}}'"""
# What names rows by their ids, or by the beginning of an identifier, asks the index of each partition.
BY_ID = re.compile(r"\b(id|item_id|merged_into_id) (= ANY ?\(|IN \(|= %s)|= T3.id|identifier_parts @@")
OTHER = """
    INSERT INTO catalog_collection (slug, name, description, language, visibility, attribute_schema,
        duplicate_policy, search_settings, created_at, updated_at)
    SELECT 'other' || n, 'Other', '', 'english', 'public', '{}', '{}', '{}', now(), now() FROM generate_series(1, 6) n
"""


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with set_up() as stage:
        yield stage


def run(stage: Stage, *command: str, partitions: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        env=stage.environment | {"AKIN_PARTITIONS": str(partitions)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def partitions(stage: Stage) -> tuple[int, int]:
    count = "SELECT count(*) FROM pg_inherits WHERE inhparent = '{}'::regclass"
    return stage.one(count.format("catalog_item")), stage.one(count.format("search_passage"))


def test_tables_are_divided_and_divided_again_without_loss(stage: Stage) -> None:
    stage.restart(items=300)
    stage.run(OTHER)
    with stage.worker():
        stage.check()
    before = stage.one(CONTENT), stage.one(TRIGGERS)
    for number in (4, 8):
        told = run(stage, "manage.py", "partition", partitions=number)
        assert told.returncode == 0, told.stderr
        assert partitions(stage) == (number, number)
        assert (stage.one(CONTENT), stage.one(TRIGGERS)) == before
    assert "already" in run(stage, "manage.py", "partition", partitions=8).stdout
    stage.add_items(200)
    stage.run("UPDATE catalog_item SET title = title || ' edited' WHERE id %% 3 = 0")
    stage.run("UPDATE catalog_item SET collection_id = (SELECT min(id) FROM catalog_collection) + id %% 6")
    with stage.worker():
        stage.check()
    assert stage.one(STRAYED) == 0
    with pytest.raises(Exception, match="duplicate key"):
        stage.run(TWICE)


CONTENT = """
    SELECT md5(string_agg(i.id || i.title || i.external_id || p.embedding::text, '' ORDER BY i.id))
    FROM catalog_item i JOIN search_passage p ON p.item_id = i.id
"""
TRIGGERS = """
    SELECT string_agg(tgname || ' ' || coalesce(obj_description(oid, 'pg_trigger'), ''), ', ' ORDER BY tgname)
    FROM pg_trigger WHERE NOT tgisinternal AND tgrelid IN ('catalog_item'::regclass, 'search_passage'::regclass)
"""
STRAYED = """
    SELECT count(*) FROM catalog_item i JOIN search_passage p ON p.item_id = i.id
    WHERE p.collection_id <> i.collection_id
"""
TWICE = """
    INSERT INTO catalog_item (collection_id, external_id, title, body, url, image, attributes, status, created_at,
        updated_at)
    SELECT collection_id, external_id, title, body, url, image, attributes, status, created_at, updated_at
    FROM catalog_item LIMIT 1
"""


def test_what_broke_off_between_the_tables_goes_on(stage: Stage) -> None:
    half = "import django; django.setup(); from config import partitions as p; p.TABLES = p.TABLES[:1]; p.partition(6)"
    assert run(stage, "-c", half, partitions=6).returncode == 0
    assert partitions(stage)[0] == 6 != partitions(stage)[1]
    assert run(stage, "manage.py", "partition", partitions=6).returncode == 0
    assert partitions(stage) == (6, 6)


def test_every_request_about_a_collection_reads_one_partition(stage: Stage) -> None:
    stage.restart(items=300)
    assert run(stage, "manage.py", "partition", partitions=4).returncode == 0
    stage.run(KINDS)
    stage.run(SCHEMA)
    with stage.worker():
        wait_for(lambda: stage.one(UNEMBEDDED) == 0)
    asked = run(stage, str(ASKS), "shop", stage.one("SELECT min(external_id) FROM catalog_item"), partitions=4)
    assert asked.returncode == 0, asked.stderr
    answers = [json.loads(line) for line in asked.stdout.splitlines()]
    assert not [problem for _, problem, _ in answers if problem]
    assert sum(bool(read) for _, _, statements in answers for _, read in statements) > 20
    several = [
        (name, sql, read)
        for name, _, statements in answers
        for sql, read in statements
        if any(len(numbers) > 1 for numbers in read.values()) and not BY_ID.search(sql)
    ]
    assert not several, "\n".join(f"{name}: {read} {sql}" for name, sql, read in several)


def test_a_new_database_begins_with_partitions_and_zero_leaves_them(stage: Stage) -> None:
    stage.restart(items=0)
    assert run(stage, "manage.py", "migrate", "--verbosity", "0", partitions=5).returncode == 0
    assert partitions(stage) == (5, 5)
    refused = run(stage, "manage.py", "partition", partitions=0)
    assert refused.returncode == 1 and "AKIN_PARTITIONS is 0" in refused.stderr
    assert partitions(stage) == (5, 5)
