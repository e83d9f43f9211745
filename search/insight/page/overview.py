"""What the Insight page shows curators: what waits for a person, and what is being computed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from catalog.models import Collection, Run
from catalog.models.run import RunState
from search.insight.runs import KINDS
from search.models import Suggestion
from search.models.insight import SuggestionKind, SuggestionState

PAGE_SIZE = 30


@dataclass(frozen=True, slots=True)
class QueueView:
    kind: str
    label: str
    count: int


def queues_of(collection: Collection) -> list[QueueView]:
    """How much waits for a person, by kind."""
    waiting = Suggestion.objects.filter(collection=collection, state=SuggestionState.OPEN).order_by()
    counts = dict(waiting.values_list("kind").annotate(number=Count("pk")))
    return [QueueView(kind.value, kind.label, counts.get(kind.value, 0)) for kind in SuggestionKind]


def running(collection: Collection) -> list[Run]:
    return list(Run.objects.filter(collection=collection, kind__in=KINDS, state=RunState.RUNNING))
