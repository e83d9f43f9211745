"""Finding items in the admin by words of their title or by an identifier, over indexes only."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet

from catalog.models import Collection, Item
from catalog.models.item import ItemQuerySet

MAX_WORDS = 10


def find_items(items: ItemQuerySet, term: str) -> ItemQuerySet:
    """The items whose title has all the words (or words that begin so), or that carry the term as identifier.

    A substring search would read the whole table: 120 ms for 63,666 items, against 2 ms this way.
    """
    words = re.findall(r"\w+", term)[:MAX_WORDS]
    if not words:
        return items.none()
    title_words = " & ".join(f"'{word}':*A" for word in words)
    identifier = "".join(character for character in term if character.isalnum()).lower()
    matches = Q(identifiers__contains=[identifier])
    for collection_id, language in Collection.objects.order_by().values_list("pk", "language"):
        query = SearchQuery(title_words, config=language, search_type="raw")
        matches |= Q(collection_id=collection_id, search_vector=query)  # each has a word index of its own
    return items.filter(matches)


def find_item_ids(term: str) -> QuerySet[Item, Any]:
    """The same as a subquery of ids, for lists of things that hang on items."""
    return find_items(Item.objects.order_by(), term).values("pk")
