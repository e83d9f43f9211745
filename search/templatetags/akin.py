"""What templates ask of search: marks, bands in words, and the neighbours, twins and indexing state of an item."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import template
from django.contrib.admin.templatetags.admin_urls import admin_urlname
from django.contrib.admin.utils import quote
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from catalog.models import Collection, Item
from catalog.pages.facts import Fact, describe
from catalog.representation import EmbeddingOut
from catalog.schemas import parse_attribute_schema
from search.duplicates.adding import may_undo
from search.duplicates.review.pairs import pairs_of_item, variants_of_item
from search.embedding.status import WAITING, item_embeddings
from search.insight.topics.listing import NamedTopic, largest_topics, topic_of_item
from search.models import DuplicatePair, Topic
from search.models.duplicate import PairState
from search.related.related import RelatedItem, related_items
from search.retrieval.page.examples import Contents, contents_of
from search.retrieval.types import Explanation, Snippet

register = template.Library()

RELATED_SHOWN: Final = 6
ENDING_LENGTH: Final = 4  # letters a word may have beyond its stem
BANDS: Final = {
    "exact": "Exact identifier",
    "strong": "Strong match",
    "good": "Good match",
    "possible": "Possible match",
    "weak": "Weak match",
}


@dataclass(frozen=True, slots=True)
class Twin:
    """Another item that may be the same as the one shown, or was decided on."""

    item: Item
    pair: DuplicatePair
    evidence: list[dict[str, Any]]
    link: str


@register.filter
def marked(snippet: Snippet) -> SafeString:
    """The snippet's text with its marks."""
    return _mark(snippet.text, snippet.marks)


@register.filter
def mark_words(text: str, explanation: Explanation | None) -> SafeString:
    """The text with the words marked that the explanation calls matching; it may name their stems only."""
    lowered = tuple(stem.casefold() for stem in explanation.matched_words) if explanation else ()
    marks = [
        (word.start(), word.end())
        for word in re.finditer(r"\w+", text)
        if any(_is_form_of(word[0].casefold(), stem) for stem in lowered)
    ]
    return _mark(text, marks)


def _is_form_of(word: str, stem: str) -> bool:
    return word.startswith(stem) and len(word) <= len(stem) + ENDING_LENGTH * (len(stem) > 2)


def _mark(text: str, marks: Sequence[tuple[int, int]]) -> SafeString:
    pieces, position = [], 0
    for start, end in sorted(marks):
        if position <= start < end:
            pieces += [escape(text[position:start]), "<mark>", escape(text[start:end]), "</mark>"]
            position = end
    return mark_safe("".join([*pieces, escape(text[position:])]))  # noqa: S308 - every piece is escaped above


@register.filter
def band_in_words(band: str) -> str:
    return BANDS.get(band, band)


@register.filter
def thousands(number: int) -> str:
    return f"{number:,}"


@register.filter
def percent(score: float) -> str:
    return f"{max(0.0, min(1.0, score)):.0%}"


@register.filter
def short(score: float) -> str:
    return f"{score:.3f}"


@register.simple_tag
def facts_of(item: Item, limit: int = 2) -> list[Fact]:
    """The first attributes of an item in words."""
    return describe(parse_attribute_schema(item.collection.attribute_schema), item.attributes)[:limit]


@register.simple_tag
def topic_of(item: Item) -> Topic | None:
    """The fine topic of the item, with its coarse one; None before it has one."""
    return topic_of_item(item)


@register.simple_tag
def topics_in(collection: Collection) -> list[NamedTopic]:
    """The largest topics of a collection."""
    return largest_topics(collection)


@register.simple_tag
def related_of(item: Item) -> list[RelatedItem]:
    return list(related_items(item=item, limit=RELATED_SHOWN))


@register.simple_tag
def embedding_of(item: Item) -> EmbeddingOut | None:
    return item_embeddings([item.pk]).get(item.pk)


@register.filter
def is_waiting(embedding: EmbeddingOut | None) -> bool:
    return embedding is not None and embedding.state in WAITING


@register.simple_tag
def twins_of(item: Item, is_curator: bool) -> list[Twin]:
    """Curators see every pair. What a program only suspects is no matter for visitors."""
    if not is_curator:
        return []
    return [Twin(other, pair, by_contribution(pair.evidence), admin_link(pair)) for other, pair in pairs_of_item(item)]


@register.simple_tag
def contents(collection: Collection) -> Contents:
    return contents_of(collection)


@register.simple_tag
def variants_of(item: Item, is_curator: bool) -> list[Item]:
    """The items that people said are variants of this one; for curators those that are only suggested, too."""
    found = variants_of_item(item)
    return [other for other, pair in found if is_curator or pair.state == PairState.VARIANT]


@register.filter
def by_contribution(evidence: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The terms that weigh most first."""
    return sorted(evidence, key=lambda term: -abs(term.get("contribution") or 0))


@register.filter
def admin_link(row: Model) -> str:
    """Where the admin changes this row; empty where it does not."""
    try:
        return reverse(admin_urlname(row._meta, SafeString("change")), args=[quote(row.pk)])  # noqa: SLF001 - public in Django
    except NoReverseMatch:
        return ""


@register.simple_tag
def can_undo(request: HttpRequest | None, item: Item) -> bool:
    """Whether whoever looks has added the item just now."""
    return request is not None and may_undo(request.session, item)


@register.filter
def evidence_value(value: Any) -> str:
    """A term's value in a table cell."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}"
    return ", ".join(str(part) for part in value) if isinstance(value, list) else str(value)


@register.filter
def signed(contribution: float | None) -> str:
    return "" if contribution is None else f"{contribution:+.2f}"
