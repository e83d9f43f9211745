"""The JSON API of insight: values that a text suggests."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from catalog.errors import InvalidInput
from catalog.http import collection_to_read
from catalog.models.item import MAX_BODY_LENGTH, MAX_TITLE_LENGTH
from catalog.schemas import HAS_TEXT, Strict, Text
from search.insight.tags.suggesting import suggest

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
