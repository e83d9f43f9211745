"""Two embedding spaces side by side on judged sets; the figures are stored, and activation looks at them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from search.embedding.spaces import lifecycle
from search.embedding.waiting import wait_until_embedded
from search.errors import SpaceConflict
from search.evaluation.datasets import SearchDataset
from search.evaluation.judging import demo_set, judged_sets, queries_of
from search.evaluation.quality.search_quality import ModeFigures, evaluate_search
from search.evaluation.scratch import scratch_collection
from search.models import EmbeddingSpace, EvaluationRun, JudgedSet
from search.models.embedding import LIVE_STATES, SpaceState
from search.retrieval.types import Mode
from search.retrieval.upkeep import indexes

Progress = Callable[[int, int], None]  # gets how much is done, and of how much


@dataclass(frozen=True, slots=True)
class Compared:
    """The figures of both spaces on one set. `collection` is empty where a scratch collection was searched."""

    dataset: str
    collection: str
    queries: int
    figures: dict[str, dict[Mode, ModeFigures]]  # by name of the space

    @property
    def title(self) -> str:
        return f"{self.dataset} ({self.collection})" if self.collection else self.dataset


def compare(
    *, space: EmbeddingSpace, active: EmbeddingSpace, dataset: SearchDataset | None = None, on_progress: Progress
) -> list[Compared]:
    """Searches sets in both spaces and stores a run for each. Raises SpaceConflict.

    Without a `dataset` these are the sets of collections, searched where they stand, or else the demo catalog's.
    """
    sets = judged_sets() if dataset is None else []
    check_comparable(space, sets)
    if sets:
        compared = _on_collections(space, active, sets, on_progress)
    else:
        compared = [_on_scratch(space, active, dataset or demo_set(), on_progress)]
    _store(space, active, compared)
    return compared


def check_comparable(space: EmbeddingSpace, sets: Sequence[JudgedSet]) -> None:
    """Raises SpaceConflict unless the space can be searched: in standing collections only with all their items."""
    if space.state not in LIVE_STATES:
        raise SpaceConflict(f"{space.name} is {space.get_state_display().lower()}: build it first.")
    if sets and space.state == SpaceState.BUILDING:
        raise SpaceConflict(f"{space.name} is building: it can be compared when it is ready.")


def _on_collections(
    space: EmbeddingSpace, active: EmbeddingSpace, sets: Sequence[JudgedSet], on_progress: Progress
) -> list[Compared]:
    compared, done, total = [], 0, 2 * sum(len(queries_of(one)) for one in sets)
    for judged in sets:
        queries = queries_of(judged)
        figures = {}
        for one in (active, space):
            on_progress(done, total)
            with lifecycle.answering_with(one):
                figures[one.name] = evaluate_search(judged.collection, queries)
            done += len(queries)
        compared.append(Compared(judged.name, judged.collection.slug, len(queries), figures))
    on_progress(done, total)
    return compared


def _on_scratch(
    space: EmbeddingSpace, active: EmbeddingSpace, dataset: SearchDataset, on_progress: Progress
) -> Compared:
    """Embeds the set's items in both lifecycle."""
    total, figures = len(dataset.items), {}
    with scratch_collection(dataset.items, on_progress=lambda done: on_progress(done, total)) as collection:
        for one in (active, space):
            with lifecycle.answering_with(one):
                wait_until_embedded(collection, patience=0)
                indexes.build_missing()
                figures[one.name] = evaluate_search(collection, dataset.queries)
    on_progress(total, total)
    return Compared(dataset.name, "", len(dataset.queries), figures)


def _store(space: EmbeddingSpace, active: EmbeddingSpace, compared: Sequence[Compared]) -> None:
    key = uuid.uuid4().hex
    for found in compared:
        for one, other in ((active, space), (space, active)):
            configuration = {"space": one.name, "against": other.name, "comparison": key}
            if found.collection:
                configuration["collection"] = found.collection
            EvaluationRun.objects.create(
                dataset=found.dataset,
                configuration=configuration,
                figures={mode: figures.rounded() for mode, figures in found.figures[one.name].items()},
                gains={mode: figures.gains for mode, figures in found.figures[one.name].items()},
            )
