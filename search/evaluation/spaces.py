"""Two embedding spaces side by side on one judged set; the figures are stored, and activation looks at them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from search.embedding import spaces
from search.embedding.waiting import wait_until_embedded
from search.errors import SpaceConflict
from search.evaluation.datasets import SearchDataset
from search.evaluation.scratch import scratch_collection
from search.evaluation.search_quality import ModeFigures, evaluate_search
from search.models import EmbeddingSpace, EvaluationRun
from search.models.embedding import LIVE_STATES
from search.retrieval import indexes
from search.retrieval.types import Mode

Comparison = dict[str, dict[Mode, ModeFigures]]  # by name of the space


def compare(
    *, space: EmbeddingSpace, active: EmbeddingSpace, dataset: SearchDataset, on_progress: Callable[[int], None]
) -> Comparison:
    """Embeds the set in both spaces, searches it in both, and stores a run for each. Raises SpaceConflict."""
    if space.state not in LIVE_STATES:
        raise SpaceConflict(f"{space.name} is {space.get_state_display().lower()}: build it first.")
    comparison: Comparison = {}
    with scratch_collection(dataset.items, on_progress=on_progress) as collection:
        for one in (active, space):
            with spaces.answering_with(one):
                wait_until_embedded(collection, patience=0)
                indexes.build_missing()
                comparison[one.name] = evaluate_search(collection, dataset.queries)
    _store(dataset.name, space, active, comparison)
    return comparison


def _store(dataset: str, space: EmbeddingSpace, active: EmbeddingSpace, comparison: Comparison) -> None:
    key = uuid.uuid4().hex
    for one, other in ((active, space), (space, active)):
        EvaluationRun.objects.create(
            dataset=dataset,
            configuration={"space": one.name, "against": other.name, "comparison": key},
            figures={mode: figures.rounded() for mode, figures in comparison[one.name].items()},
            gains={mode: figures.gains for mode, figures in comparison[one.name].items()},
        )
