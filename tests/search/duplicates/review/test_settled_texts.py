"""Decisions that were taken before digests were those of settled texts hold on."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.db import connection

from catalog.access import Actor
from search.duplicates.review.decisions import decide, settled_digests
from search.models import DuplicateDecision, DuplicatePair
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


def test_digests_of_texts_that_stand_are_settled_and_others_stay() -> None:
    first, second = add_items(make_collection(), {"title": "Red  Tent"}, {"title": "Tent, red"})
    pair = DuplicatePair.objects.create(
        collection=first.collection, first=first, second=second, score=0.9, is_flagged=True,
        first_digest=b"", second_digest=b"",
    )  # fmt: skip
    decide(pair=pair, decision="dismissed", actor=Actor(rank=3, name="Ann"))
    for rows in (DuplicatePair.objects, DuplicateDecision.objects):
        rows.update(first_digest=bytes(first.text_digest), second_digest=b"of a text that is gone")
    migration = import_module("search.migrations.0011_settled_texts")
    with connection.cursor() as cursor:
        for table, side, item in migration.PLACES:
            cursor.execute(migration.SETTLE.format(table=table, side=side, item=item))
    settled, _ = settled_digests(first.pk, second.pk)
    for row in (DuplicatePair.objects.get(), DuplicateDecision.objects.get()):
        assert (bytes(row.first_digest), bytes(row.second_digest)) == (settled, b"of a text that is gone")
    assert settled != bytes(first.text_digest)
