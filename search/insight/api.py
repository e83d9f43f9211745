"""The JSON API of insight: the topics of a collection, and values that a text suggests."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from catalog.errors import InvalidInput
from catalog.http import collection_to_read
from catalog.models.item import MAX_BODY_LENGTH, MAX_TITLE_LENGTH
from catalog.schemas import HAS_TEXT, Strict, Text
from search.insight.tags.suggesting import suggest
from search.insight.topics.listing import CoarseView, topics_of

router = Router(tags=["Insight"])


class SuggestIn(Strict):
    """An item as far as it is written."""

    model_config = HAS_TEXT

    title: Annotated[Text, Field(max_length=MAX_TITLE_LENGTH)] = ""
    body: Annotated[Text, Field(max_length=MAX_BODY_LENGTH)] = ""


class SuggestedValueOut(BaseModel):
    value: str
    probability: float = Field(description="Calibrated: of those with 0.8, about eight in ten are right.")
    is_sure: bool = Field(description="Sure enough to be proposed; without any such value there is no suggestion.")


class SuggestionsOut(BaseModel):
    suggestions: dict[str, list[SuggestedValueOut]] = Field(
        description="By facet attribute the likeliest values, likeliest first. Empty until workers have learnt them."
    )


class FineTopicOut(BaseModel):
    id: int
    name: str
    items: int = Field(description="Visible ones.")


class TopicOut(FineTopicOut):
    recent: int = Field(description="Items that came in the last four weeks.")
    words: list[str] = Field(description="That its items have more often than the collection, the most telling first.")
    typical: list[str] = Field(description="External ids of the most typical items.")
    topics: list[FineTopicOut] = Field(description="The fine topics in it, the largest first.")


class TopicsOut(BaseModel):
    topics: list[TopicOut] = Field(description="The coarse topics, the largest first; empty until they are computed.")
    computed_at: datetime | None


@router.get("/{slug}/topics", response=TopicsOut)
def list_topics(request: HttpRequest, slug: str) -> TopicsOut:
    """What the collection is about. The ids narrow a search: `topic=12`."""
    views = topics_of(collection_to_read(request, slug))
    computed_at = max((view.topic.computed_at for view in views), default=None)
    return TopicsOut(topics=[_topic_out(view) for view in views], computed_at=computed_at)


def _topic_out(view: CoarseView) -> TopicOut:
    return TopicOut(
        id=view.topic.pk,
        name=str(view.topic),
        items=view.size,
        recent=view.recent,
        words=view.topic.words,
        typical=[item.external_id for item in view.typical],
        topics=[FineTopicOut(id=one.topic.pk, name=str(one.topic), items=one.size) for one in view.children],
    )


@router.post("/{slug}/suggest", response=SuggestionsOut)
def suggest_values(request: HttpRequest, slug: str, body: SuggestIn) -> SuggestionsOut:
    """Values for the facet attributes of an item that is being written."""
    collection = collection_to_read(request, slug)
    if not f"{body.title}{body.body}".strip():
        raise InvalidInput("title and body are both empty", [{"field": "title", "reason": "must not be empty"}])
    suggestions: dict[str, list[SuggestedValueOut]] = {}
    for one in suggest(collection, title=body.title, body=body.body):
        out = SuggestedValueOut(value=one.value, probability=round(one.probability, 4), is_sure=one.is_sure)
        suggestions.setdefault(one.attribute, []).append(out)
    return SuggestionsOut(suggestions=suggestions)
