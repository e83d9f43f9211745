"""What two spaces are judged by: the judged sets of collections, or the demo catalog's while no collection has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from catalog import demo
from catalog.models import Collection
from search.errors import SpaceConflict
from search.evaluation.datasets import JudgedQuery, SearchDataset, load_search_dataset
from search.models import JudgedSet

MAX_QUERIES = 1_000  # of a set: more say hardly more, and a worker has ten minutes


def keep_judged_set(*, collection: Collection, dataset: SearchDataset) -> JudgedSet | None:
    """Stores the set's judged queries as the collection's, in the place of those it had by that name."""
    judged = [asdict(query) for query in dataset.queries if _is_judged(query)]
    if not judged:
        return None
    fields = {"queries": judged}
    return JudgedSet.objects.update_or_create(collection=collection, name=dataset.name, defaults=fields)[0]


def judged_sets() -> list[JudgedSet]:
    """All of them, each with its collection."""
    return list(JudgedSet.objects.select_related("collection"))


def queries_of(judged: JudgedSet) -> list[JudgedQuery]:
    """The queries of the set, evenly thinned out where there are very many."""
    step = -(-len(judged.queries) // MAX_QUERIES)
    return [JudgedQuery(**query) for query in judged.queries[::step]]


def demo_set() -> SearchDataset:
    """The demo catalog's judgements. Raises SpaceConflict when they are not there."""
    check(())
    return load_search_dataset(demo.FOLDER)


def check(sets: Sequence[JudgedSet]) -> None:
    """Raises SpaceConflict when there is nothing to judge by."""
    if not sets and not (demo.FOLDER / "qrels.tsv").exists():
        raise SpaceConflict(
            "There is nothing to judge by: no collection has a judged set. `manage.py evaluate DIR --collection SLUG`"
            " gives it one."
        )


def described(sets: Sequence[JudgedSet]) -> str:
    """Whose queries they are, for people."""
    if not sets:
        return "the demo catalog's judged queries, because no collection has a judged set of its own"
    return f"the judged queries of {', '.join(map(str, sets))}"


def _is_judged(query: JudgedQuery) -> bool:
    return any(grade > 0 for grade in query.grades.values())
