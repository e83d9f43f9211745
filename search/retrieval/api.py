"""The JSON API of searching: hits for people, passages for programs that read on."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from catalog.errors import InvalidInput
from catalog.http import collection_to_read
from catalog.schemas import HAS_LETTER, Strict, Text
from search.errors import QueryTooLong
from search.retrieval.context.gathering import gather
from search.retrieval.query.parameters import next_cursor, parse_search
from search.retrieval.query.structured import SearchIn, request_of
from search.retrieval.query.topics import MAX_TOPICS
from search.retrieval.remembered import answer
from search.retrieval.responses import PassagesOut, SearchOut, passages_out, search_out
from search.retrieval.types import MAX_LIMIT, MAX_QUERY_LENGTH, MODES, SearchRequest

MAX_PASSAGES = 50
MAX_NEIGHBOURS = 5
MAX_TOKENS = 200_000

router = Router(tags=["Search"])


class PassagesIn(Strict):
    """What to find passages for."""

    q: Annotated[
        Text,
        Field(
            examples=["which stove works in the cold?"],
            json_schema_extra={"pattern": HAS_LETTER, "maxLength": MAX_QUERY_LENGTH},
        ),
    ]
    limit: Annotated[int, Field(ge=1, le=MAX_PASSAGES)] = 10
    neighbours: Annotated[int, Field(ge=0, le=MAX_NEIGHBOURS)] = Field(
        default=0, description="Passages before and after each that are taken in as far as there is room."
    )
    max_tokens: Annotated[int, Field(ge=20, le=MAX_TOKENS)] | None = Field(
        default=None, description="What `context` may take; an estimate, on the careful side."
    )


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"in": "query", "name": name, "required": False, "description": description, "schema": schema}


# The grammar is read by search.retrieval.query.parameters, for the page as for the API; this describes it.
SEARCH_PARAMETERS = [
    _parameter(
        "q",
        'What is looked for, also a pasted text. In a short query "a phrase" must occur and -word must not, '
        "see `relaxed`. Empty: the newest items.",
        type="string",
        maxLength=MAX_QUERY_LENGTH,
    ),
    _parameter("mode", "Which legs answer.", type="string", enum=list(MODES), default="hybrid"),
    _parameter("limit", "Hits of one page.", type="integer", minimum=1, maximum=MAX_LIMIT, default=10),
    _parameter("cursor", "next_cursor of the page before, with all else unchanged.", type="string", minLength=1),
    _parameter("facets", "Attributes to count, separated by commas.", type="string"),
    _parameter("explain", "Whether each hit says why it was found.", type="boolean", default=False),
    _parameter(
        "sort",
        "relevance, newest, or an attribute of type number or date with :asc or :desc. By an attribute, only hits that "
        "are not weak are listed; items without it come last.",
        type="string",
        examples=["price:asc"],
    ),
    _parameter("literal", "Whether numbers in the query are words and no conditions.", type="boolean"),
    _parameter(
        "topic",
        "The id of a topic, of `topics` here or there; repeat it for any of several.",
        type="array",
        items={"type": "integer", "minimum": 1},
        maxItems=MAX_TOPICS,
    ),
    _parameter("count_topics", "Whether `topics` counts the hits of each topic.", type="boolean", default=False),
    _parameter(
        "filter.{attribute}",
        "An attribute's value; repeat it for any of several.",
        type="array",
        items={"type": "string"},
    ),
    _parameter("filter.{attribute}.gte", "Lower end of a number's or date's range.", type="string"),
    _parameter("filter.{attribute}.lte", "Upper end of a number's or date's range.", type="string"),
    _parameter("filter.{attribute}.exists", "Whether the item has the attribute.", type="boolean"),
]


@router.get("/{slug}/search", response=SearchOut, openapi_extra={"parameters": SEARCH_PARAMETERS})
def search_items(request: HttpRequest, slug: str) -> SearchOut:
    """Finds items by meaning and by word."""
    collection = collection_to_read(request, slug)
    if request.GET.get("cursor") == "":  # a form may send it; a program that does has lost its place
        raise InvalidInput("cursor: must not be empty", [{"field": "cursor", "reason": "must not be empty"}])
    return _answer(parse_search(collection, request.GET))


@router.post("/{slug}/search", response=SearchOut)
def search_items_by_body(request: HttpRequest, slug: str, body: SearchIn) -> SearchOut:
    """The same search with typed filters that nest: `all`, `any` and `not` of conditions on attributes."""
    collection = collection_to_read(request, slug)
    return _answer(request_of(collection, body))


def _answer(asked: SearchRequest) -> SearchOut:
    result = answer(asked)
    return search_out(result, next_cursor(asked, result.next_offset))


@router.post("/{slug}/passages", response=PassagesOut)
def search_passages(request: HttpRequest, slug: str, body: PassagesIn) -> PassagesOut:
    """The pieces of text that answer best, each said once, ready as context for a language model that is to cite."""
    collection = collection_to_read(request, slug)
    query_text = _checked(body.q)
    context = gather(
        collection=collection,
        query_text=query_text,
        limit=body.limit,
        neighbours=body.neighbours,
        max_tokens=body.max_tokens,
    )
    return passages_out(context)


def _checked(text: str) -> str:
    if len(text) > MAX_QUERY_LENGTH:
        raise QueryTooLong(f"q has {len(text):,} characters, at most {MAX_QUERY_LENGTH:,} are allowed.")
    if "\x00" in text or not text.strip():
        raise InvalidInput("q: must be text", [{"field": "q", "reason": "must be text without the NUL character"}])
    return text.strip()
