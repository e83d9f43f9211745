"""The topics that a search is narrowed to, by their ids."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from catalog.errors import InvalidInput
from catalog.models import Collection
from search.models import Topic
from search.retrieval.types import TOPIC, Filter

PARAMETER: Final = "topic"  # repeated: any of the topics
MAX_TOPICS: Final = 50
MAX_DIGITS: Final = 18


def topic_filters(collection: Collection, ids: Iterable[str]) -> tuple[Filter, ...]:
    """One filter, or none where no topic is named. A merged topic is the one that stays. Raises InvalidInput."""
    asked = list(dict.fromkeys(text.strip() for text in ids if text.strip()))
    if not asked:
        return ()
    if len(asked) > MAX_TOPICS:
        raise _invalid(f"names {len(asked)} topics, at most {MAX_TOPICS} are allowed")
    merged = dict(Topic.objects.filter(collection=collection).values_list("pk", "merged_into"))
    return (Filter(TOPIC, terms=tuple(dict.fromkeys(_final(text, merged) for text in asked))),)


def _final(text: str, merged: dict[int, int | None]) -> str:
    is_id = text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS
    if not is_id or int(text) not in merged:
        raise _invalid(f"'{text[:40]}' is no topic of this collection; topics change when they are computed anew")
    topic, seen = int(text), set()
    while (into := merged.get(topic)) is not None and topic not in seen:
        seen.add(topic)
        topic = into
    return str(topic)


def _invalid(reason: str) -> InvalidInput:
    return InvalidInput(f"{PARAMETER}: {reason}", [{"field": PARAMETER, "reason": reason}])
