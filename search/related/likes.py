"""The page "More like this": a question made of examples, all of it in the address, each part taken back by a link."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from catalog.access import actor_of_user, readable_collection
from catalog.models import Collection, Item
from search.errors import EncoderUnavailable
from search.related.examples import Example
from search.related.recommend import Recommended, recommend
from search.related.strategies import Strategy

MOST = 20  # examples of each kind
SHOWN = 20
QUERY_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted more of and less of, and perhaps the words that a person began with."""

    collection: Collection
    query_text: str
    more: tuple[str, ...]
    less: tuple[str, ...]
    strategy: Strategy

    @property
    def link(self) -> str:
        """The address of this very question."""
        pairs = [("q", self.query_text)] if self.query_text else []
        pairs += [("more", one) for one in self.more] + [("less", one) for one in self.less]
        if self.strategy != Strategy.AVERAGE:
            pairs.append(("strategy", self.strategy.value))
        return f"{reverse('search:like', args=[self.collection.slug])}?{urlencode(pairs)}"

    def with_more(self, external_id: str) -> Asked:
        return replace(self, more=(*self.more, external_id))

    def with_less(self, external_id: str) -> Asked:
        return replace(self, less=(*self.less, external_id))

    def without(self, external_id: str) -> Asked:
        return replace(
            self,
            more=tuple(one for one in self.more if one != external_id),
            less=tuple(one for one in self.less if one != external_id),
        )


@dataclass(frozen=True, slots=True)
class Chip:
    """One example as it is shown, with the address of the question without it."""

    sign: str
    text: str
    link: str


@dataclass(frozen=True, slots=True)
class Row:
    found: Recommended
    like: str  # the example that it is nearest to, in words
    more: str
    less: str


@require_safe
@never_cache
def like(request: HttpRequest, slug: str) -> HttpResponse:
    """Items like some and unlike others. Examples that are no longer to be seen are left out."""
    collection = readable_collection(actor_of_user(request.user), slug)
    params = request.GET
    named = [*params.getlist("more")[:MOST], *params.getlist("less")[:MOST]]
    rows = Item.objects.visible().light().filter(collection=collection, external_id__in=named)
    titles = {item.external_id: str(item)[:100] for item in rows}
    asked = _asked(collection, params, titles)
    found, is_down = _found(asked)
    context = {
        "collection": collection,
        "asked": asked,
        "chips": list(_chips(asked, titles)),
        "rows": [_row(asked, one, titles) for one in found],
        "strategies": [(one.value, text, one == asked.strategy) for one, text in IN_WORDS.items()],
        "is_down": is_down,
    }
    return render(request, "search/like.html", context)


IN_WORDS = {
    Strategy.AVERAGE: "What they have in common",
    Strategy.BEST_SCORE: "Like any of them",
    Strategy.MEDOIDS: "Some of each kind",
}


def _asked(collection: Collection, params: QueryDict, titles: dict[str, str]) -> Asked:
    less = tuple(dict.fromkeys(one for one in params.getlist("less")[:MOST] if one in titles))
    more = tuple(dict.fromkeys(one for one in params.getlist("more")[:MOST] if one in titles and one not in less))
    known = {one.value: one for one in Strategy}
    strategy = known.get(params.get("strategy", ""), Strategy.AVERAGE)
    return Asked(collection, params.get("q", "").strip()[:QUERY_LENGTH], more, less, strategy)


def _found(asked: Asked) -> tuple[list[Recommended], bool]:
    """The items, and whether the words could not be read."""
    text = [Example(text=asked.query_text)] if asked.query_text else []
    options = {"collection": asked.collection, "negative": asked.less, "limit": SHOWN, "strategy": asked.strategy}
    try:
        return recommend(positive=[*text, *asked.more], **options), False  # type: ignore[arg-type]
    except EncoderUnavailable:
        return recommend(positive=asked.more, **options), True  # type: ignore[arg-type]


def _chips(asked: Asked, titles: dict[str, str]) -> Iterable[Chip]:
    if asked.query_text:
        yield Chip("", f"“{asked.query_text[:80]}”", replace(asked, query_text="").link)
    for sign, ids in (("More like", asked.more), ("Less like", asked.less)):
        for external_id in ids:
            yield Chip(sign, titles[external_id], asked.without(external_id).link)


def _row(asked: Asked, one: Recommended, titles: dict[str, str]) -> Row:
    own = one.item.external_id
    words = f"“{one.like.text[:60]}”" if one.like.text else f"“{titles.get(one.like.item, one.like.item)[:60]}”"
    return Row(one, words, asked.with_more(own).link, asked.with_less(own).link)
