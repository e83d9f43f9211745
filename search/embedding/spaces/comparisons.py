"""What stored evaluations say about two spaces. `search.evaluation.spaces` makes them."""

from __future__ import annotations

from search.models import EmbeddingSpace, EvaluationRun, JudgedSet

TOLERANCE = 0.01  # of nDCG@10, less than a judged set of usual size can tell from chance
MODE = "hybrid"


def latest_comparison(space: EmbeddingSpace, active: EmbeddingSpace) -> list[tuple[EvaluationRun, EvaluationRun]]:
    """The runs of the latest comparison of the two on each set: that of the space and that of the active one."""
    latest = EvaluationRun.objects.filter(configuration__space=space.name, configuration__against=active.name).first()
    if latest is None:
        return []
    runs = EvaluationRun.objects.filter(configuration__comparison=latest.configuration["comparison"]).reverse()
    ours, theirs = (
        {set_of(run): run for run in runs if run.configuration["space"] == one.name} for one in (space, active)
    )
    return [(ours[key], theirs[key]) for key in sorted(ours.keys() & theirs.keys())]


def set_of(run: EvaluationRun) -> tuple[str, str]:
    """The slug of the collection, empty for a scratch one, and the name of the set."""
    return run.configuration.get("collection", ""), run.dataset


def title_of(run: EvaluationRun) -> str:
    slug, name = set_of(run)
    return f"{name} ({slug})" if slug else name


def is_worse(space: EmbeddingSpace, active: EmbeddingSpace) -> str:
    """Why the space must not replace the active one; empty when its latest comparison with it was good enough.

    That is: on every judged set that a collection has, and on none of them worse.
    """
    pairs = latest_comparison(space, active)
    if not pairs:
        return f"{space.name} was not compared with {active.name} yet."
    compared = {set_of(run) for run, _ in pairs}
    for judged in JudgedSet.objects.select_related("collection"):
        if (judged.collection.slug, judged.name) not in compared:
            return f"{space.name} was not compared with {active.name} on {judged} yet."
    for run, other in pairs:
        new, old = (float(one.figures[MODE]["ndcg_at_10"]) for one in (run, other))
        if new < old - TOLERANCE:
            where = f"On {title_of(run)} {space.name} is worse than {active.name}"
            return f"{where}: nDCG@10 {new:.3f} against {old:.3f}."
    return ""
