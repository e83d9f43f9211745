"""The JSON API of related items and of recommendations from examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import Query, Router
from pydantic import BaseModel, Field, model_validator

from catalog.errors import InvalidInput
from catalog.http import collection_to_read, item_to_read
from catalog.models import Collection
from catalog.schemas import ONLY_NAMED, AttributeName, ExternalId, Strict, Text, parse_attribute_schema
from search.related.examples import Example
from search.related.recommend import Recommended, recommend
from search.related.related import RelatedItem, related_items
from search.related.strategies import Strategy
from search.retrieval.query.parameters import FILTER_PREFIX, parse_search
from search.retrieval.types import Filter

MAX_EXAMPLES = 100
MAX_RELATED = 50
MAX_TEXTS = 20  # that are encoded for one request
MAX_TEXT_LENGTH = 8_000
MAX_DIMENSIONS = 4_096

router = Router(tags=["Related"])

Value = str | bool | int | float


class Condition(Strict):
    """A range, or whether the attribute is there at all."""

    gte: float | str | None = None
    lte: float | str | None = None
    exists: bool | None = None


class ExampleIn(Strict):
    """One of item (an external id), text and vector."""

    item: ExternalId | None = None
    text: Annotated[Text, Field(min_length=1, max_length=MAX_TEXT_LENGTH)] | None = None
    vector: Annotated[list[float], Field(min_length=1, max_length=MAX_DIMENSIONS)] | None = None
    weight: Annotated[float, Field(gt=0, le=10, description="2 counts twice.")] = 1.0

    @model_validator(mode="after")
    def _is_one_thing(self) -> ExampleIn:
        if sum(one is not None for one in (self.item, self.text, self.vector)) != 1:
            raise ValueError("give exactly one of item, text and vector")
        return self

    def example(self) -> Example:
        return Example(self.item or "", self.text or "", tuple(self.vector or ()), self.weight)


class RecommendIn(Strict):
    """Examples of what is wanted and of what is not: external ids, or objects with an item, a text or a vector."""

    positive: Annotated[list[ExternalId | ExampleIn], Field(min_length=1, max_length=MAX_EXAMPLES)]
    negative: Annotated[list[ExternalId | ExampleIn], Field(max_length=MAX_EXAMPLES, default_factory=list)]
    strategy: Strategy = Field(
        default=Strategy.AVERAGE,
        strict=False,
        description="average: near to the mean of the positive examples less half the mean of the negative ones."
        " best_score: near to any positive example, and nearer to it than to any negative one."
        " medoids: the same for a few examples that stand for all, which take turns.",
    )
    at_most: dict[AttributeName, Annotated[int, Field(ge=1, le=MAX_RELATED)]] = Field(
        default_factory=dict,
        max_length=5,
        description="How many items may have the same value of an attribute.",
        json_schema_extra={**ONLY_NAMED},
        examples=[{"brand": 2}],
    )
    limit: Annotated[int, Field(ge=1, le=MAX_RELATED)] = 10
    diversity: Annotated[float, Field(ge=0, le=1, description="0 is nearest only, 1 as different as can be.")] = 0.0
    filters: dict[AttributeName, Value | list[Value] | Condition] = Field(
        default_factory=dict,
        max_length=20,
        json_schema_extra={**ONLY_NAMED},
        examples=[{"brand": ["Norrdal"], "price": {"lte": 100}}],
    )


class RelatedOut(BaseModel):
    external_id: str
    title: str
    url: str
    image: str
    attributes: dict[str, Any]
    score: float = Field(description="Larger is nearer.")
    is_variant: bool = Field(description="Whether curators said that it is a variant of the item.")


class ReasonOut(BaseModel):
    """The positive example that the item is nearest to; one of `item`, `text` and `vector` says which."""

    item: str | None = None
    text: str | None = None
    vector: bool = Field(default=False, description="Whether it was a vector.")
    cosine: float
    shares: dict[str, list[str]] = Field(description="Facet values that both have.")


class RecommendedOut(RelatedOut):
    reason: ReasonOut


class RecommendedList(BaseModel):
    items: list[RecommendedOut]


class RelatedList(BaseModel):
    items: list[RelatedOut]


@router.get("/{slug}/items/{path:external_id}/related", response={200: RelatedList, 308: None})
def list_related(
    request: HttpRequest, slug: str, external_id: str, limit: Annotated[int, Query(ge=1, le=MAX_RELATED)] = 10
) -> RelatedList:
    """The items nearest in meaning. A merged item answers 308."""
    collection = collection_to_read(request, slug)
    item = item_to_read(request, collection, external_id, route="api:list_related")
    return _list_out(related_items(item=item, limit=limit))


@router.post("/{slug}/recommend", response=RecommendedList)
def recommend_items(request: HttpRequest, slug: str, body: RecommendIn) -> RecommendedList:
    """Items like the positive examples and unlike the negative ones, each with the example that it is nearest to."""
    collection = collection_to_read(request, slug)
    positive = [one if isinstance(one, str) else one.example() for one in body.positive]
    negative = [one if isinstance(one, str) else one.example() for one in body.negative]
    _check(collection, body, [*positive, *negative])
    found = recommend(
        collection=collection,
        positive=positive,
        negative=negative,
        strategy=body.strategy,
        at_most=body.at_most,
        limit=body.limit,
        diversity=body.diversity,
        filters=_filters(collection, body),
    )
    return RecommendedList(items=[_recommended_out(one) for one in found])


def _check(collection: Collection, body: RecommendIn, examples: Sequence[str | Example]) -> None:
    texts = sum(1 for one in examples if isinstance(one, Example) and one.text)
    if texts > MAX_TEXTS:
        reason = f"at most {MAX_TEXTS} examples may be texts"
        raise InvalidInput(f"positive: {reason}", [{"field": "positive", "reason": reason}])
    if unknown := [name for name in body.at_most if name not in parse_attribute_schema(collection.attribute_schema)]:
        reason = "there is no such attribute"
        raise InvalidInput(f"at_most.{unknown[0]}: {reason}", [{"field": f"at_most.{unknown[0]}", "reason": reason}])


def _filters(collection: Collection, body: RecommendIn) -> tuple[Filter, ...]:
    """Reads the body's filters by the grammar of the search's parameters."""
    params: MultiValueDict[str, str] = MultiValueDict()
    for attribute, wanted in body.filters.items():
        if not isinstance(wanted, Condition):
            values = wanted if isinstance(wanted, list) else [wanted]
            params.setlist(f"{FILTER_PREFIX}{attribute}", [_text(value) for value in values])
            continue
        for name, bound in wanted.model_dump(exclude_none=True).items():
            params.setlist(f"{FILTER_PREFIX}{attribute}.{name}", [_text(bound)])
    try:
        return parse_search(collection, params).filters
    except InvalidInput as error:
        details = [{**one, "field": one["field"].replace(FILTER_PREFIX, "filters.", 1)} for one in error.details]
        raise InvalidInput(error.message.replace(FILTER_PREFIX, "filters.", 1), details) from error


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list_out(found: Sequence[RelatedItem]) -> RelatedList:
    return RelatedList(items=[_related_out(one) for one in found])


def _related_out(related: RelatedItem) -> RelatedOut:
    fields = {
        name: getattr(related.item, name) for name in RelatedOut.model_fields if name not in ("score", "is_variant")
    }
    return RelatedOut(**fields, score=round(related.score, 6), is_variant=related.is_variant)


def _recommended_out(one: Recommended) -> RecommendedOut:
    names = ("external_id", "title", "url", "image", "attributes")
    reason = ReasonOut(
        item=one.like.item or None,
        text=one.like.text or None,
        vector=bool(one.like.vector),
        cosine=round(one.cosine, 6),
        shares=one.shares,
    )
    fields = {name: getattr(one.item, name) for name in names}
    return RecommendedOut(**fields, score=round(one.score, 6), is_variant=False, reason=reason)
