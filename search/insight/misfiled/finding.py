"""Items that are filed wrongly, or far from everything, as suggestions for a person to decide on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalog.models import Collection, Run
from catalog.services.runs import Progress
from search.embedding.spaces.lifecycle import active_space
from search.insight.misfiled.evidence import MOST_VOTERS
from search.insight.misfiled.judging import FAR, FEWEST_VECTORS, far_out, judge
from search.insight.reading.freed import without_attribute
from search.insight.reading.neighbours import nearest
from search.insight.reading.vectors import Survey, survey
from search.insight.review.store import MAX_VALUE, Found, replace_open
from search.insight.review.thresholds import threshold_of
from search.insight.runs import told
from search.insight.tags.learning import attributes_of, definition_of, description_vectors
from search.insight.tags.posterior import told_by_descriptions
from search.models.insight import SuggestionKind

NEAREST = 5  # that an item must be far from to be far from everything
MOST_LABELS = 200  # values that are told apart, the most frequent
SAMPLE = 20_000  # items among which neighbours are sought
EVIDENCE = 3
MAX_OUTLIERS = 200

OnProgress = Callable[[int], None]


def work(run: Run, collection: Collection, progress: Progress) -> dict[str, Any]:
    """Outliers first, then every facet attribute; a run that is taken up again goes on with the one it was at."""
    tell = told(run, progress)
    names = ["", *attributes_of(collection)]
    found: dict[str, int] = dict(run.detail.get("found", {}))
    for name in (name for name in names if name not in found):
        tell(len(found), len(names), phase=name or "outliers")

        def on_progress(done: int) -> None:
            tell(len(found), len(names))

        found[name] = find_misfiled(collection, name, on_progress) if name else find_outliers(collection, on_progress)
        run.detail = {**run.detail, "found": found}
    tell(len(names), len(names))
    return {"found": found}


def find_outliers(collection: Collection, on_progress: OnProgress = lambda done: None) -> int:
    """Writes what is far from everything, and returns how many suggestions are open."""
    found = survey(collection, active_space(), on_progress=on_progress)
    if len(found) < FEWEST_VECTORS * NEAREST:
        return replace_open(collection, SuggestionKind.OUTLIER, "", [])
    rows, cosines = _neighbours(found, NEAREST, on_progress)
    scores = far_out(cosines)
    least = threshold_of(collection, SuggestionKind.OUTLIER, "", FAR)
    farthest = [n for n in np.argsort(-scores)[:MAX_OUTLIERS].tolist() if scores[n] >= least]
    suggestions = [
        Found(int(found.ids[n]), float(scores[n]), neighbours=tuple(found.ids[rows[n][:EVIDENCE]].tolist()))
        for n in farthest
    ]
    return replace_open(collection, SuggestionKind.OUTLIER, "", suggestions)


def find_misfiled(collection: Collection, attribute: str, on_progress: OnProgress = lambda done: None) -> int:
    """Writes what reads like another value of the attribute, and returns how many suggestions are open.

    Items with several values are not judged, and values with few items neither.
    """
    found = survey(collection, active_space(), attribute=attribute, on_progress=on_progress)
    rows, names, labels = labelled(found)
    if len(names) < 2:
        return replace_open(collection, SuggestionKind.MISFILED, attribute, [])
    own = Survey(found.ids[rows], found.vectors[rows], [], [found.values[n] for n in rows])
    own = without_attribute(own, collection, active_space(), attribute, on_progress=on_progress)
    near, cosines = _neighbours(own, MOST_VOTERS, on_progress)
    described = description_vectors(active_space(), names, definition_of(collection, attribute))
    named = told_by_descriptions(own.vectors, described)
    judgement = judge(own.vectors, labels, near, cosines, named=named, on_progress=on_progress)
    least = threshold_of(collection, SuggestionKind.MISFILED, attribute, judgement.line)
    suggestions = []
    for n in np.flatnonzero(judgement.chances >= least).tolist():
        better = int(judgement.better[n])
        like = [int(own.ids[m]) for m in near[n] if labels[m] == better][:EVIDENCE]
        suggestions.append(
            Found(int(own.ids[n]), float(judgement.chances[n]), names[int(labels[n])], names[better], tuple(like))
        )
    return replace_open(collection, SuggestionKind.MISFILED, attribute, suggestions)


def labelled(found: Survey) -> tuple[NDArray[np.int64], list[str], NDArray[np.int64]]:
    """The rows that are judged, the names of the labels, and the label of each of these rows."""
    single = {n: own[0] for n, own in enumerate(found.values) if len(own) == 1 and len(own[0]) <= MAX_VALUE}
    counts = Counter(single.values())
    names = sorted(name for name, count in counts.most_common(MOST_LABELS) if count >= FEWEST_VECTORS)
    numbers = {name: n for n, name in enumerate(names)}
    rows = [n for n, name in single.items() if name in numbers]
    return np.array(rows, dtype=np.int64), names, np.array([numbers[single[n]] for n in rows], dtype=np.int64)


def _neighbours(found: Survey, count: int, on_progress: OnProgress) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rows of the survey, and their cosines."""
    if len(found) <= SAMPLE:
        return nearest(found.vectors, count, on_progress=on_progress)
    sample = np.sort(np.random.default_rng(0).choice(len(found), SAMPLE, replace=False))
    own = np.full(len(found), -1, dtype=np.int64)
    own[sample] = np.arange(SAMPLE)
    rows, cosines = nearest(found.vectors, count, among=found.vectors[sample], own=own, on_progress=on_progress)
    return sample[rows].astype(np.int32), cosines
