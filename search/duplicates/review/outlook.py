"""What to expect of a collection's flagged pairs before anybody reviewed them, and what decisions say since."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from search.duplicates.calibration.estimate import Expectation
from search.models import DuplicatePair, DuplicateStatistic
from search.models.duplicate import PairState

TELLING = 50  # decisions from which they are set beside what was expected
IS_DECIDED = ~Q(state=PairState.SUGGESTED)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the last scan expects; the decided pairs, the flagged among these, and the same among those."""

    expected: Expectation
    decided: int
    flagged: int
    same: int

    @property
    def is_telling(self) -> bool:
        """Whether there are decisions enough to say how good the flags are."""
        return self.decided >= TELLING and self.flagged > 0

    @property
    def seen(self) -> float:
        """Of the decided pairs that were flagged, the share that is the same."""
        return self.same / self.flagged if self.flagged else 0.0


def outlook_of(collection_id: int) -> Outlook | None:
    """None for a collection that no scan has looked through yet."""
    found = DuplicateStatistic.objects.filter(collection=collection_id).values_list("expected").first()
    if found is None or not found[0]:
        return None
    counts = DuplicatePair.objects.filter(IS_DECIDED, collection=collection_id).aggregate(
        decided=Count("pk"),
        flagged=Count("pk", filter=Q(is_flagged=True)),
        same=Count("pk", filter=Q(is_flagged=True, state=PairState.CONFIRMED)),
    )
    return Outlook(Expectation(**found[0]), **counts)
