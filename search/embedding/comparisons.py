"""What stored evaluations say about two spaces. `search.evaluation.spaces` makes them."""

from __future__ import annotations

from search.models import EmbeddingSpace, EvaluationRun

TOLERANCE = 0.01  # of nDCG@10, less than a judged set of usual size can tell from chance
MODE = "hybrid"


def latest_pair(space: EmbeddingSpace, active: EmbeddingSpace) -> tuple[EvaluationRun | None, EvaluationRun | None]:
    """The runs of the latest comparison of the two: that of the space and that of the active one."""
    run = EvaluationRun.objects.filter(configuration__space=space.name, configuration__against=active.name).first()
    if run is None:
        return None, None
    other = EvaluationRun.objects.filter(
        configuration__space=active.name, configuration__comparison=run.configuration["comparison"]
    ).first()
    return run, other


def is_worse(space: EmbeddingSpace, active: EmbeddingSpace) -> str:
    """Why the space must not replace the active one; empty when its latest comparison with it was good enough."""
    run, other = latest_pair(space, active)
    if run is None:
        return f"{space.name} was not compared with {active.name} yet."
    if other is None:
        return f"The comparison of {space.name} with {active.name} is incomplete."
    new, old = (float(one.figures[MODE]["ndcg_at_10"]) for one in (run, other))
    if new < old - TOLERANCE:
        return f"On {run.dataset} {space.name} is worse than {active.name}: nDCG@10 {new:.3f} against {old:.3f}."
    return ""
