"""The JSON API of related items and of recommendations from examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from ninja import Query, Router
from pydantic import BaseModel, Field

from catalog.errors import InvalidInput
from catalog.http import collection_to_read, item_to_read
from catalog.models import Collection
from catalog.schemas import ONLY_NAMED, AttributeName, ExternalId, Strict
from search.related.recommend import recommend
from search.related.related import RelatedItem, related_items
from search.retrieval.query.parameters import FILTER_PREFIX, parse_search
from search.retrieval.types import Filter

MAX_EXAMPLES = 100
MAX_RELATED = 50

router = Router(tags=["Related"])

Value = str | bool | int | float


class Condition(Strict):
    """A range, or whether the attribute is there at all."""

    gte: float | str | None = None
    lte: float | str | None = None
    exists: bool | None = None


class RecommendIn(Strict):
    """Examples of what is wanted and of what is not, by external id."""

    positive: Annotated[list[ExternalId], Field(min_length=1, max_length=MAX_EXAMPLES)]
    negative: Annotated[list[ExternalId], Field(max_length=MAX_EXAMPLES, default_factory=list)]
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


@router.post("/{slug}/recommend", response=RelatedList)
def recommend_items(request: HttpRequest, slug: str, body: RecommendIn) -> RelatedList:
    """Items like the positive examples and unlike the negative ones."""
    collection = collection_to_read(request, slug)
    found = recommend(
        collection=collection,
        positive=body.positive,
        negative=body.negative,
        limit=body.limit,
        diversity=body.diversity,
        filters=_filters(collection, body),
    )
    return _list_out(found)


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
