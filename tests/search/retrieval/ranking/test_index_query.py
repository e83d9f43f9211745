"""How widely the vector index is searched."""

from __future__ import annotations

import pytest

from search.models import CollectionStatistic
from search.retrieval.ranking.index_query import EF_SEARCH, MAX_EF_SEARCH, MEASURED_AT, ef_search_in, fetch
from tests.factories import make_collection

pytestmark = pytest.mark.django_db

ASKED = "SELECT current_setting('hnsw.ef_search')::int"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (None, EF_SEARCH),
        (MEASURED_AT, EF_SEARCH),
        (4 * MEASURED_AT, 2 * EF_SEARCH),
        (100 * MEASURED_AT, MAX_EF_SEARCH),
    ],
)
def test_it_widens_with_the_root_of_the_size_up_to_the_bound_of_pgvector(items: int | None, expected: int) -> None:
    collection = make_collection()
    if items is not None:
        CollectionStatistic.objects.update_or_create(collection=collection, defaults={"documents": items})
    assert fetch(ASKED, {}, ef_search=ef_search_in(collection.pk)) == [(expected,)]


def test_a_number_is_taken_as_it_is() -> None:
    assert fetch(ASKED, {}, ef_search=77) == [(77,)]
