"""Writing what a run suggests: open suggestions are replaced, decided ones stay decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from catalog.models import Collection
from search.models import Suggestion
from search.models.insight import SuggestionKind, SuggestionState

MAX_VALUE = 200  # characters; longer texts are no values to file things under


@dataclass(frozen=True, slots=True)
class Found:
    """A suggestion as a run found it. `neighbours` are ids of items that speak for it."""

    item_id: int
    score: float
    present: str = ""
    proposed: str = ""
    neighbours: tuple[int, ...] = ()


def replace_open(collection: Collection, kind: SuggestionKind, attribute: str, found: Sequence[Found]) -> int:
    """What is open and was not found again goes; what was decided is not asked again. Returns how many are open."""
    own = Suggestion.objects.filter(collection=collection, kind=kind, attribute=attribute)
    with transaction.atomic():
        own.filter(state=SuggestionState.OPEN).delete()
        Suggestion.objects.bulk_create(
            [
                Suggestion(
                    collection=collection,
                    item_id=one.item_id,
                    kind=kind,
                    attribute=attribute,
                    present=one.present,
                    proposed=one.proposed,
                    score=one.score,
                    neighbours=list(one.neighbours),
                )
                for one in found
            ],
            ignore_conflicts=True,
            batch_size=1_000,
        )
    return own.filter(state=SuggestionState.OPEN).count()
