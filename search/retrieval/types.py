"""What goes into a search and what comes out of it. Pages, API and evaluation share these types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from catalog.models import Collection

Mode = Literal["hybrid", "semantic", "lexical"]
Band = Literal["exact", "strong", "good", "possible", "weak"]

MODES: tuple[Mode, ...] = ("hybrid", "semantic", "lexical")
MAX_QUERY_LENGTH = 1_000  # characters
MAX_LIMIT = 100  # hits of one page
MAX_FACETS = 20
MAX_FILTERS = 20


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one attribute: any of `terms`, or between `minimum` and `maximum`, or present at all.

    Numbers are compared as numbers, dates in ISO form as text.
    """

    attribute: str
    terms: tuple[str, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    exists: bool | None = None


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One query to one collection. `offset` counts hits; `cursor` of the answer is its opaque form."""

    collection: Collection
    query_text: str = ""
    mode: Mode = "hybrid"
    limit: int = 10
    offset: int = 0
    filters: tuple[Filter, ...] = ()
    facets: tuple[str, ...] = ()
    explain: bool = False


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of the item's text; `marks` are the (start, end) characters of it to highlight."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class LegExplanation:
    """How one leg saw the hit. `rank` counts from 1 and is None where the leg did not retrieve it."""

    leg: Literal["lexical", "semantic"]
    rank: int | None
    raw_score: float
    normalised_score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a hit is where it is."""

    legs: tuple[LegExplanation, ...]
    matched_words: tuple[str, ...]
    best_passage: tuple[int, int] | None  # characters in title, line break, body
    identifier: str | None
    filters: tuple[str, ...]
    second_score: float | None = None  # of the cross-encoder, where there is a second stage


@dataclass(frozen=True, slots=True)
class Twin:
    """A duplicate that a hit stands for."""

    external_id: str
    title: str


@dataclass(frozen=True, slots=True)
class Hit:
    """One item found. `score` is larger for better, comparable within one answer only."""

    item_id: int
    external_id: str
    title: str
    url: str
    image: str
    score: float
    band: Band
    snippet: Snippet
    attributes: dict[str, Any]
    explanation: Explanation | None = None
    duplicates: tuple[Twin, ...] = ()  # where the collection's settings collapse them


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int
    is_selected: bool = False


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The answer to a search. `total`, facets and paging speak of one candidate set, cut where `is_capped`."""

    hits: tuple[Hit, ...]
    total: int
    is_capped: bool
    facets: dict[str, tuple[FacetValue, ...]]
    next_offset: int | None
    mode: Mode
    is_degraded: bool
    took_ms: float
    is_nothing_relevant: bool = False
    suggestion: str | None = None
    warnings: tuple[str, ...] = field(default=())
