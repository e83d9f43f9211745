"""The search page as data: what was asked, what was found, and what to say about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from catalog.pages.facts import Fact, describe, label_of
from catalog.schemas import AttributeDefinition, parse_attribute_schema
from search.embedding.text import embedded_text
from search.errors import QueryTooLong
from search.retrieval.page.asked import faulty_filters, refuse_unknown, sorts_of, whole_number, without
from search.retrieval.page.links import Links
from search.retrieval.page.panels import Chip, Panel, chips, hidden_pairs, panels, understood_chips
from search.retrieval.page.reasons import reason_of
from search.retrieval.page.topic_panel import topic_chips, topic_panels
from search.retrieval.query.parameters import FILTER_PREFIX, MAX_OFFSET, Parameters, parse_search
from search.retrieval.remembered import answer
from search.retrieval.types import TOPIC, FacetValue, Hit, SearchRequest, SearchResult

PAGE_SIZE: Final = 10
MAX_PAGE: Final = MAX_OFFSET // PAGE_SIZE + 1
PAGES_AROUND: Final = 2  # page links on either side of the current one
MAX_UPTO: Final = 10  # pages shown at once
MAX_FACTS: Final = 4  # attributes of a hit
MAX_PASSAGE_LENGTH: Final = 600  # characters

Schema = Mapping[str, AttributeDefinition]


@dataclass(frozen=True, slots=True)
class HitView:
    """A hit with its attributes in words and the passage that matched best."""

    hit: Hit
    facts: tuple[Fact, ...]
    passage: str
    reason: str = ""
    is_first_weak: bool = False  # where the hits stop being relevant, though others are


@dataclass(frozen=True)
class SearchPage:
    """Everything the templates show. `error` says why there is no result."""

    collection: Collection
    schema: Schema
    links: Links
    query_text: str
    mode: str
    number: int = 1
    request: SearchRequest | None = None
    result: SearchResult | None = None
    hits: tuple[HitView, ...] = ()
    error: str = ""
    problem: str = ""  # of a filter that was left out, beside the hits
    typed: Mapping[str, str] = field(default_factory=dict)  # of that filter, by parameter
    sort: str = "relevance"
    is_from_start: bool = True  # all hits from the first page on are shown
    status: int = 200

    @cached_property
    def panels(self) -> tuple[Panel, ...]:
        if self.result is None or self.request is None:
            return ()
        own = panels(self.result.facets, self.request.filters, self.schema, self.typed)
        return (*own, *topic_panels(self.topics, self.schema))

    @property
    def topics(self) -> tuple[FacetValue, ...]:
        return self.result.facets.get(TOPIC, ()) if self.result else ()

    @property
    def sorts(self) -> list[tuple[str, str]]:
        """What hits can be sorted by, with the words for it."""
        return sorts_of(self.schema)

    @cached_property
    def chips(self) -> tuple[Chip, ...]:
        if self.request is None or self.result is None:
            return ()
        read = understood_chips(self.result.understood, self.schema, self.links)
        if self.request.is_literal:
            read = (Chip("Numbers are taken as words", self.links.without("literal")),)
        named = [one for one in self.request.filters if one.attribute != TOPIC]
        return (*read, *topic_chips(self.topics, self.links), *chips(named, self.schema, self.links))

    @property
    def hidden_pairs(self) -> tuple[tuple[str, str], ...]:
        return hidden_pairs(self.panels, self.links) if self.request else ()

    @property
    def is_collection_empty(self) -> bool:
        return self.result is not None and not (self.result.total or self.query_text or self.chips)

    @property
    def pages(self) -> list[tuple[int, str]]:
        """The numbers and addresses of the pages around this one."""
        if self.result is None:
            return []
        last = min(MAX_PAGE, max(1, -(-self.result.total // PAGE_SIZE)))
        numbers = range(max(1, self.number - PAGES_AROUND), min(last, self.number + PAGES_AROUND) + 1)
        return [(number, self.links.page(number)) for number in numbers]

    @property
    def next_link(self) -> str:
        """What is further away is shown on the last page, and has none of its own."""
        result = self.result
        has_next = result is not None and result.next_offset is not None and result.next_offset < result.total
        has_next = has_next and self.number < MAX_PAGE
        return self.links.page(self.number + 1) if has_next else ""

    @property
    def more_link(self) -> str:
        """The next hits below these."""
        if self.next_link and self.is_from_start and self.number < MAX_UPTO:
            return self.links.upto(self.number + 1)
        return self.next_link

    @property
    def address(self) -> str:
        """Where the page is found again as it is shown."""
        is_long = self.is_from_start and self.number > 1
        return self.links.upto(self.number) if is_long else self.links.page(self.number)

    @property
    def previous_link(self) -> str:
        return self.links.page(self.number - 1) if self.number > 1 else ""

    @property
    def suggestion_link(self) -> str:
        return self.links.asking(self.result.suggestion) if self.result and self.result.suggestion else ""


def search_page(collection: Collection, params: Parameters, *, only_last: bool = False) -> SearchPage:
    """Answers the question, or says in words what is wrong with it.

    A filter that cannot be read is left out and said. `only_last`: of several pages at once the last one's hits alone.
    """
    page = SearchPage(
        collection=collection,
        schema=parse_attribute_schema(collection.attribute_schema),
        links=Links.of(collection, params),
        query_text=(params.get("q") or "").strip(),
        mode=params.get("mode") or "hybrid",
        sort=params.get("sort") or "relevance",
    )
    try:
        refuse_unknown(params)
        return _answered(page, params, only_last=only_last)
    except (InvalidInput, QueryTooLong) as error:
        told = replace(page, error=_in_words(error, page.schema), status=error.status)
        faulty = faulty_filters(error, params)
        if not faulty:
            return told
    try:
        mended = _answered(page, without(params, faulty), only_last=only_last)
    except (InvalidInput, QueryTooLong):
        return told  # more than one thing is wrong
    typed = {name: params.get(name) or "" for name in faulty}
    return replace(mended, problem=told.error, typed=typed, status=told.status)


def _answered(page: SearchPage, params: Parameters, *, only_last: bool) -> SearchPage:
    """Raises InvalidInput and QueryTooLong."""
    upto = whole_number(params, "upto", MAX_UPTO)
    number = upto or whole_number(params, "page", MAX_PAGE) or 1
    first = number if only_last or not upto else 1
    asked = parse_search(page.collection, params)
    request = replace(
        asked,
        facets=(*asked.facets, TOPIC),
        limit=PAGE_SIZE * (number - first + 1),
        offset=(first - 1) * PAGE_SIZE,
        explain=True,
    )
    result = answer(request)
    hits = _views(result.hits, page.schema, uncounted=result.total - request.offset)
    is_from_start = bool(upto) or number == 1
    return replace(page, request=request, result=result, number=number, hits=hits, is_from_start=is_from_start)


def _in_words(error: InvalidInput | QueryTooLong, schema: Schema) -> str:
    if not isinstance(error.details, list):
        return error.message
    return " ".join(f"{_name(problem['field'], schema)} {problem['reason']}." for problem in error.details)


def _name(parameter: str, schema: Schema) -> str:
    if parameter.startswith(FILTER_PREFIX):
        return f"The filter “{label_of(parameter.removeprefix(FILTER_PREFIX).partition('.')[0], schema)}”"
    return {"q": "Your query", "page": "The page", "topic": "The topic"}.get(parameter, f"“{parameter}”")


def _views(hits: Sequence[Hit], schema: Schema, *, uncounted: int) -> tuple[HitView, ...]:
    """`uncounted`: the place from which on hits are in no total; in a small collection all are."""
    passages = _passages(hits)
    bands = [hit.band for hit in hits]
    first_weak = bands.index("weak") if "weak" in bands else 0
    return tuple(
        HitView(
            hit=hit,
            facts=tuple(describe(schema, hit.attributes)[:MAX_FACTS]),
            passage=passages.get(hit.item_id, ""),
            reason=reason_of(hit.explanation, schema) if hit.explanation else "",
            is_first_weak=0 < n == first_weak >= uncounted,
        )
        for n, hit in enumerate(hits)
    )


def _passages(hits: Sequence[Hit]) -> dict[int, str]:
    spans = {
        hit.item_id: hit.explanation.best_passage
        for hit in hits
        if hit.explanation is not None and hit.explanation.best_passage is not None
    }
    if not spans:
        return {}
    texts = Item.objects.filter(pk__in=spans).values_list("pk", "title", "body")
    return {pk: _cut(embedded_text(title, body), *spans[pk]) for pk, title, body in texts}


def _cut(text: str, start: int, end: int) -> str:
    passage = text[start : min(end, start + MAX_PASSAGE_LENGTH)].strip()
    return f"{passage} …" if end - start > MAX_PASSAGE_LENGTH else passage
