"""Titles that what is being typed may become: their words begin as the typed ones do."""

from __future__ import annotations

import re
from typing import Final

from django.contrib.postgres.search import SearchQuery

from catalog.models import Collection, Item

SHOWN: Final = 6
MAX_WORDS: Final = 8
MAX_LENGTH: Final = 80  # characters of a suggestion
LEAST: Final = 2  # characters of the last word


def suggest(collection: Collection, text: str) -> list[str]:
    """The shortest titles that have all the words, the last of which need only be begun."""
    words = re.findall(r"[^\W_]+", text[:200])[:MAX_WORDS]
    if not words or len(words[-1]) < LEAST:
        return []
    query = SearchQuery(" & ".join(f"'{word}':*A" for word in words), config=collection.language, search_type="raw")
    items = Item.objects.visible().filter(collection=collection, search_vector=query).order_by("-id")
    titles = dict.fromkeys(title for title in items.values_list("title", flat=True)[:200] if title)
    return sorted((title for title in titles if len(title) <= MAX_LENGTH), key=len)[:SHOWN]
