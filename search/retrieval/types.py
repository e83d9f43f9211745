"""What goes into a search and what comes out of it. Pages, API and evaluation share these types."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from catalog.models import Collection

Mode = Literal["hybrid", "semantic", "lexical"]
Band = Literal["exact", "strong", "good", "possible", "weak"]

MODES: tuple[Mode, ...] = ("hybrid", "semantic", "lexical")
MAX_QUERY_LENGTH = 8_000  # characters: a pasted e-mail, an abstract
MAX_LIMIT = 100  # hits of one page
MAX_FACETS = 20
MAX_FILTERS = 20
TOPIC = ".topic"  # stands for the topic that Akin found; no attribute has such a name


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one attribute: any of `terms`, or between `minimum` and `maximum`, or present at all.

    Numbers are compared as numbers, dates in ISO form as text. Of `TOPIC` the terms are ids of topics.
    """

    attribute: str
    terms: tuple[str, ...] = ()
    minimum: float | str | None = None
    maximum: float | str | None = None
    exists: bool | None = None
    above: float | str | None = None  # as `minimum`, which itself does not count
    below: float | str | None = None
    every: tuple[str, ...] = ()  # a list holds all of them
    prefix: str | None = None  # of one text, in its own case


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions of which all hold, any holds, or none (`not`)."""

    kind: Literal["all", "any", "not"]
    members: tuple[Filter | Group, ...]

    def attributes(self) -> tuple[str, ...]:
        """Every attribute that is asked about, once."""
        nested = (one.attributes() if isinstance(one, Group) else (one.attribute,) for one in self.members)
        return tuple(dict.fromkeys(name for names in nested for name in names))


@dataclass(frozen=True, slots=True)
class Understood:
    """What the query says of an attribute in words, as typed, and the filter that it was read as."""

    text: str
    filter: Filter


@dataclass(frozen=True, slots=True)
class Sort:
    """An order other than relevance: by an attribute, or the newest first where there is none."""

    attribute: str = ""
    type: Literal["number", "date"] = "number"
    is_descending: bool = True


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One query to one collection. `offset` counts hits; `cursor` of the answer is its opaque form."""

    collection: Collection
    query_text: str = ""
    mode: Mode = "hybrid"
    limit: int = 10
    offset: int = 0
    filters: tuple[Filter, ...] = ()
    where: Group | None = None  # holds beside the filters, also for every facet
    facets: tuple[str, ...] = ()
    explain: bool = False
    sort: Sort | None = None  # None is by relevance, and without a query the newest first
    is_literal: bool = False  # whether numbers in the query are words and no conditions


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
    asked_words: int = 0  # of the query, as they are searched for
    matched_attributes: tuple[str, ...] = ()  # with a value of which the query has every word


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
    variants: tuple[Twin, ...] = ()  # other candidates that curators said are variants of it
    duplicates: tuple[Twin, ...] = ()  # where the collection's settings collapse them


@dataclass(frozen=True, slots=True)
class FacetValue:
    """Of `TOPIC` the value is a topic's id, `label` its name, and `parent` the coarse topic that it lies in."""

    value: str
    count: int
    is_selected: bool = False
    label: str = ""
    parent: str = ""


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
    understood: tuple[Understood, ...] = ()
    relaxed: str = ""  # what was asked for as a command and left out, because too few hits had it; as typed
