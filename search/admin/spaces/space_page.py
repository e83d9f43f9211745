"""The page of one embedding space: how far it is built, how it compares, and what can be done with it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from catalog.admin.scope import own_rows
from catalog.admin.site import bar, duration
from catalog.models import Run
from catalog.models.run import RunKind, RunState
from search.admin.evaluation.evaluation_run import MODES, figure_of, own_evaluations
from search.embedding.spaces import lifecycle
from search.embedding.spaces.activation import obstacle_to, other_active
from search.embedding.spaces.comparisons import latest_comparison, title_of
from search.errors import SpaceConflict
from search.evaluation.judging import check, described, judged_sets
from search.evaluation.spaces import check_comparable
from search.models import EmbeddingSpace, EvaluationRun
from search.models.embedding import SpaceState

# Name of a figure, how it is shown, digits, and whether more is better.
FIGURES = (
    ("ndcg_at_10", "nDCG@10", 3, True),
    ("recall_at_100", "recall@100", 3, True),
    ("mrr_at_10", "MRR@10", 3, True),
    ("p50_ms", "median, ms", 1, False),
    ("p95_ms", "95th percentile, ms", 1, False),
)


@dataclass(frozen=True, slots=True)
class Step:
    """A button. With `refusal` it cannot be pressed; with `warning` the person is asked once more."""

    name: str
    label: str
    note: str
    refusal: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of both lifecycle."""

    mode: str
    name: str
    new: str
    old: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of one judged set."""

    title: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Progress:
    name: str
    state: str
    bar: SafeString
    note: str


def page_context(request: HttpRequest, space: EmbeddingSpace) -> dict[str, Any]:
    """What the page shows. What it says of collections is for those who act in them."""
    active = other_active(space)
    return {
        "title": space.name,
        "space": space,
        "active": active,
        "steps": steps_of(space),
        "runs": [_progress(run) for run in runs_of(own_rows(request, Run.objects.all()), space)],
        "comparison": comparison_of(own_evaluations(request, EvaluationRun.objects.all()), space, active)
        if active
        else [],
    }


def runs_of(rows: QuerySet[Run], space: EmbeddingSpace) -> list[Run]:
    """The latest building and the latest comparison of the space, among these."""
    runs = rows.filter(detail__space=space.name)
    latest = [runs.filter(kind=kind).first() for kind in (RunKind.BACKFILL, RunKind.COMPARISON)]
    return [run for run in latest if run is not None]


def _progress(run: Run) -> Progress:
    handled, total = run.done + run.failed, run.total or 0
    shown = bar(handled / total if total else float(run.state == RunState.FINISHED), f"{handled:,} of {total:,}")
    notes = [f"{run.failed:,} failed"] if run.failed else []
    if run.state == RunState.RUNNING and run.rate:
        notes += [f"{run.rate:,.0f} items/s", f"{duration(run.seconds_left)} left"]
    if error := run.detail.get("error"):
        notes.append(str(error))
    return Progress(run.get_kind_display(), run.get_state_display(), shown, ", ".join(notes))


def steps_of(space: EmbeddingSpace) -> list[Step]:
    """What can be done with the space in its state, in the order in which one does it."""
    if space.state == SpaceState.ACTIVE:
        return [_roll_back()]
    build = Step("build", "Build", "Workers embed every item in it, behind everything else.")
    if space.state in (SpaceState.ADDED, SpaceState.RETIRED):
        return [build]
    return [_compare(space), _activate(space), _retire(space)]


def _compare(space: EmbeddingSpace) -> Step:
    sets = judged_sets()
    note = f"Searches both spaces for {described(sets)}."
    try:
        check(sets)
        check_comparable(space, sets)
    except SpaceConflict as conflict:
        return Step("compare", "Compare", note, refusal=conflict.message)
    return Step("compare", "Compare", note)


def _activate(space: EmbeddingSpace) -> Step:
    note = "From the next request on it answers. The space before stays ready for a roll back."
    obstacle = obstacle_to(space)
    if obstacle is None:
        return Step("activate", "Activate", note)
    if obstacle.can_be_overruled:
        return Step("activate", "Activate all the same", note, warning=obstacle.reason)
    return Step("activate", "Activate", note, refusal=obstacle.reason)


def _retire(space: EmbeddingSpace) -> Step:
    warning = "Its vectors and indexes are deleted; to have them again is to build it anew."
    return Step("retire", "Retire", "Frees what it takes.", refusal=_still_read(space), warning=warning)


def _still_read(space: EmbeddingSpace) -> str:
    """Why the space must not go yet: requests of a moment ago may still read it."""
    until = lifecycle.read_until(space)
    left = until - timezone.now() if until else timedelta()
    return f"It answered until a moment ago; in {left.seconds + 1} s it can go." if left > timedelta() else ""


def _roll_back() -> Step:
    previous = lifecycle.previous_space()
    if previous is None:
        return Step("rollback", "Roll back", "", refusal="No space that was active before is kept ready.")
    return Step("rollback", f"Roll back to {previous.name}", "From the next request on the space before answers again.")


def comparison_of(runs: QuerySet[EvaluationRun], space: EmbeddingSpace, active: EmbeddingSpace) -> list[Table]:
    """The latest comparison with the active space, of these runs, set by set and figure by figure."""
    shown = set(runs.filter(configuration__has_key="comparison").values_list("pk", flat=True))
    compared = latest_comparison(space, active)
    return [Table(title_of(new), _rows(new, old)) for new, old in compared if {new.pk, old.pk} <= shown]


def _rows(new: EvaluationRun, old: EvaluationRun) -> list[Row]:
    return [
        _row(mode, shown, digits, is_more_better, *(figure_of(one, mode).get(name) for one in (new, old)))
        for mode in MODES
        for name, shown, digits, is_more_better in FIGURES
    ]


def _row(mode: str, name: str, digits: int, is_more_better: bool, new: Any, old: Any) -> Row:
    if new is None or old is None:
        return Row(mode, name, "–", "–", "")
    difference = round(float(new) - float(old), digits)
    verdict = "" if not difference else "better" if (difference > 0) == is_more_better else "worse"
    return Row(mode, name, f"{new:.{digits}f}", f"{old:.{digits}f}", verdict)
