"""The addresses of a search page and of the questions one step away from it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from catalog.models import Collection
from search.retrieval.query import topics
from search.retrieval.query.parameters import FILTER_PREFIX, Parameters

Pair = tuple[str, str]
DEFAULTS = (("mode", "hybrid"), ("sort", "relevance"))
KEPT = ("q", "mode", "sort", "literal", topics.PARAMETER)  # beside the filters on attributes


@dataclass(frozen=True, slots=True)
class Links:
    """A question in its shortest form: no empty values, no defaults, no page."""

    path: str
    pairs: tuple[Pair, ...]

    @classmethod
    def of(cls, collection: Collection, params: Parameters) -> Links:
        pairs = tuple(
            (name, value.strip())
            for name, values in params.lists()
            for value in values
            if value.strip() and (name in KEPT or name.startswith(FILTER_PREFIX))
        )
        path = reverse("search:page", args=[collection.slug])
        return cls(path, tuple(pair for pair in pairs if pair not in DEFAULTS))

    def page(self, number: int = 1) -> str:
        """The same question, at that page of its hits."""
        return self._address([*self.pairs, *([("page", str(number))] if number > 1 else [])])

    def upto(self, number: int) -> str:
        """The same question with all its hits up to the end of that page, as whoever pressed "show more" sees them."""
        return self._address([*self.pairs, *([("upto", str(number))] if number > 1 else [])])

    def literally(self) -> str:
        """The same words, none of which is taken for a filter."""
        return self._address([*self.pairs, ("literal", "1")])

    def asking(self, query_text: str) -> str:
        """Another text with the same filters."""
        return self._address([("q", query_text), *((n, v) for n, v in self.pairs if n != "q")])

    def without(self, *names: str, value: str | None = None) -> str:
        """Without the parameters of these names, or only without that value of theirs."""
        return self._address([(n, v) for n, v in self.pairs if n not in names or value not in (None, v)])

    def without_filters(self) -> str:
        """Only the text and the mode."""
        return self._address([(n, v) for n, v in self.pairs if not is_filter(n)])

    def _address(self, pairs: list[Pair]) -> str:
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def is_filter(name: str) -> bool:
    """Whether a parameter narrows the answer."""
    return name == topics.PARAMETER or name.startswith(FILTER_PREFIX)
