"""The runs of insight, one after the other, and what comes before each."""

from __future__ import annotations

import pytest

from catalog.models import Collection, Run
from catalog.models.run import RunKind, RunState
from catalog.services.runs import Progress
from search.insight import runs
from search.retrieval.upkeep import indexes
from tests.factories import make_collection

pytestmark = pytest.mark.django_db


def test_missing_indexes_are_built_before_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run may take minutes, and searches of a collection that was imported meanwhile wait for its index."""
    done: list[str] = []
    monkeypatch.setattr(indexes, "build_missing", lambda: done.append("indexes"))

    def work(run: Run, collection: Collection, progress: Progress) -> dict[str, object]:
        done.append(collection.slug)
        return {}

    for slug in ("first", "second"):
        runs.ask_for(RunKind.TOPICS, make_collection(slug))
    assert runs.do_waiting({RunKind.TOPICS: work}) == 2
    assert done == ["indexes", "first", "indexes", "second"]
    assert set(Run.objects.values_list("state", flat=True)) == {RunState.FINISHED}
