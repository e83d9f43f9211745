"""Search results as the JSON API shows them. Positions in texts count Unicode characters from 0, end exclusive."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from search.retrieval.context.gathering import Context, ContextPassage
from search.retrieval.types import TOPIC, Band, Explanation, FacetValue, Hit, SearchResult, Understood

Span = tuple[int, int]


class SnippetOut(BaseModel):
    """A piece of the item's text, not escaped, and the [start, end] characters of it to highlight."""

    text: str
    marks: list[Span]


class LegOut(BaseModel):
    leg: Literal["lexical", "semantic"]
    rank: int | None = Field(description="From 1; null where the leg did not retrieve the item.")
    raw_score: float
    normalised_score: float


class ExplanationOut(BaseModel):
    """Why the hit is where it is."""

    legs: list[LegOut]
    matched_words: list[str]
    best_passage: Span | None = Field(description="Characters in title, line break, body.")
    identifier: str | None = Field(description="The identifier that the query named exactly.")
    filters: list[str]
    asked_words: int = Field(description="Words of the query, as they are searched for.")
    matched_attributes: list[str] = Field(description="Attributes with a value of which the query has every word.")
    second_score: float | None = Field(description="Of the cross-encoder, where there is a second stage.")


class TwinOut(BaseModel):
    """A duplicate that the hit stands for."""

    external_id: str
    title: str


class HitOut(BaseModel):
    external_id: str
    title: str
    url: str
    image: str
    score: float = Field(description="Larger is better; comparable within one answer only.")
    band: Band
    snippet: SnippetOut
    attributes: dict[str, Any]
    explanation: ExplanationOut | None = None
    variants: list[TwinOut] = Field(description="Found as well, and decided to be variants of the hit.")
    duplicates: list[TwinOut] = Field(description="Found as well, where the collection collapses duplicates.")


class FacetValueOut(BaseModel):
    value: str
    count: int
    is_selected: bool


class TopicCountOut(BaseModel):
    """A topic that Akin found, with the hits that are about it."""

    id: int
    name: str
    parent: int | None = Field(description="The coarse topic that it lies in; null for coarse ones.")
    count: int
    is_selected: bool


class UnderstoodOut(BaseModel):
    """What the query says of an attribute in words: one of `terms`, or between `gte` and `lte`."""

    text: str
    attribute: str
    terms: list[str]
    gte: float | None
    lte: float | None


class SearchOut(BaseModel):
    hits: list[HitOut]
    total: int
    total_is_capped: bool = Field(description="Whether there may be more than `total`.")
    facets: dict[str, list[FacetValueOut]]
    topics: list[TopicCountOut] = Field(description="With `count_topics`, the largest first; coarse and fine ones.")
    next_cursor: str | None
    mode: Literal["hybrid", "semantic", "lexical"]
    degraded: bool = Field(description="Whether only the lexical leg could answer.")
    relaxed: bool = Field(
        description="Whether hits without a required phrase, or with what was to be left out, follow the few others."
    )
    nothing_relevant: bool
    understood: list[UnderstoodOut] = Field(
        description="Bounds and sizes in the query that were taken for filters; `literal` leaves them words."
    )
    suggestion: str | None = Field(description="A better spelling of the query, if there is one.")
    warnings: list[str]
    took_ms: float


class PassageOut(BaseModel):
    """A span of an item's text (title, line break, body), with the item it is from."""

    external_id: str
    title: str
    url: str
    text: str
    start: int
    end: int
    score: float
    number: int = Field(description="By which `context` cites it, from 1.")
    tokens: int = Field(description="An estimate of what it takes in `context`.")
    also_in: list[str] = Field(description="External ids of items that say the same, and were left out for it.")


class PassagesOut(BaseModel):
    passages: list[PassageOut]
    context: str = Field(description="All of them with their numbers and titles, for a prompt.")
    tokens: int = Field(description="An estimate of what `context` takes.")
    left_out: int = Field(description="Passages for which `max_tokens` left no room.")


def search_out(result: SearchResult, next_cursor: str | None) -> SearchOut:
    return SearchOut(
        hits=[_hit_out(hit) for hit in result.hits],
        total=result.total,
        total_is_capped=result.is_capped,
        facets={name: [_facet_out(one) for one in values] for name, values in result.facets.items() if name != TOPIC},
        topics=[_topic_out(value) for value in result.facets.get(TOPIC, ())],
        next_cursor=next_cursor,
        mode=result.mode,
        degraded=result.is_degraded,
        relaxed=bool(result.relaxed),
        nothing_relevant=result.is_nothing_relevant,
        understood=[_understood_out(one) for one in result.understood],
        suggestion=result.suggestion,
        warnings=list(result.warnings),
        took_ms=round(result.took_ms, 1),
    )


def passages_out(context: Context) -> PassagesOut:
    passages = [_passage_out(passage) for passage in context.passages]
    return PassagesOut(passages=passages, context=context.text, tokens=context.tokens, left_out=context.left_out)


def _passage_out(passage: ContextPassage) -> PassageOut:
    fields = {name: getattr(passage, name) for name in PassageOut.model_fields}
    return PassageOut(**{**fields, "score": round(passage.score, 6), "also_in": list(passage.also_in)})


def _understood_out(one: Understood) -> UnderstoodOut:
    low, high = (None if bound is None else float(bound) for bound in (one.filter.minimum, one.filter.maximum))
    return UnderstoodOut(text=one.text, attribute=one.filter.attribute, terms=list(one.filter.terms), gte=low, lte=high)


def _hit_out(hit: Hit) -> HitOut:
    return HitOut(
        external_id=hit.external_id,
        title=hit.title,
        url=hit.url,
        image=hit.image,
        score=hit.score,
        band=hit.band,
        snippet=SnippetOut(text=hit.snippet.text, marks=list(hit.snippet.marks)),
        attributes=hit.attributes,
        explanation=None if hit.explanation is None else _explanation_out(hit.explanation),
        variants=[TwinOut(external_id=twin.external_id, title=twin.title) for twin in hit.variants],
        duplicates=[TwinOut(external_id=twin.external_id, title=twin.title) for twin in hit.duplicates],
    )


def _explanation_out(explanation: Explanation) -> ExplanationOut:
    return ExplanationOut(
        legs=[
            LegOut(leg=one.leg, rank=one.rank, raw_score=one.raw_score, normalised_score=one.normalised_score)
            for one in explanation.legs
        ],
        matched_words=list(explanation.matched_words),
        best_passage=explanation.best_passage,
        identifier=explanation.identifier,
        filters=list(explanation.filters),
        second_score=explanation.second_score,
        asked_words=explanation.asked_words,
        matched_attributes=list(explanation.matched_attributes),
    )


def _facet_out(value: FacetValue) -> FacetValueOut:
    return FacetValueOut(value=value.value, count=value.count, is_selected=value.is_selected)


def _topic_out(value: FacetValue) -> TopicCountOut:
    return TopicCountOut(
        id=int(value.value),
        name=value.label,
        parent=int(value.parent) if value.parent else None,
        count=value.count,
        is_selected=value.is_selected,
    )
