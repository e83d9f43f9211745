"""How sure a suggestion must be in a collection: as sure as those were that people accepted."""

from __future__ import annotations

from catalog.models import Collection
from search.models import Suggestion
from search.models.insight import SuggestionKind, SuggestionState

FEWEST_DECISIONS = 10  # until then the default holds
ACCEPTED_SHARE = 0.7  # of what is suggested, that people should find right


def threshold_of(collection: Collection, kind: SuggestionKind, attribute: str, default: float) -> float:
    """The default, or the lowest score from which on enough of what was decided was accepted, whichever is higher."""
    decided = Suggestion.objects.filter(collection=collection, kind=kind, attribute=attribute)
    rows = list(
        decided.exclude(state=SuggestionState.OPEN).order_by("-score").values_list("score", "state", named=False)
    )
    if len(rows) < FEWEST_DECISIONS:
        return default
    accepted, lowest = 0, 1.0
    for number, (score, state) in enumerate(rows, start=1):
        accepted += state == SuggestionState.ACCEPTED
        if accepted / number >= ACCEPTED_SHARE:
            lowest = score
    return max(default, float(lowest))
