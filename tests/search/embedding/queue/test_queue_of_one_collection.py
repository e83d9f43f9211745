"""Whoever waits for one collection does not first do the work of another."""

from __future__ import annotations

import pytest

from search.embedding.queue import claims
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


def test_a_claim_for_one_collection_leaves_the_others_alone() -> None:
    first, second = make_collection(slug="first"), make_collection(slug="second")
    add_items(first, *({"title": f"first {n}"} for n in range(3)))
    add_items(second, *({"title": f"second {n}"} for n in range(2)))
    claimed = claims.claim(10, collection_id=second.pk)
    assert {row.collection_id for row in claimed} == {second.pk}
    assert len(claimed) == 2
    assert len(claims.claim(10)) == 3
