"""What an item that is not saved yet may duplicate: its nearest neighbours in meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalog.models import Collection, Item
from catalog.schemas import ItemInput
from search.embedding.encoders import encoder_of
from search.embedding.spaces import active_space
from search.embedding.text import embedded_text
from search.related.neighbours import nearest_items
from search.related.related import load_items

FLAG, SUGGEST = 0.92, 0.8  # cosine


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    item: Item
    score: float
    is_flagged: bool
    evidence: list[dict[str, Any]]


def check_item(*, collection: Collection, entry: ItemInput, limit: int = 5) -> list[PossibleDuplicate]:
    """The items that the entry may repeat, likeliest first. Raises EncoderUnavailable."""
    space = active_space()
    vector = encoder_of(space).encode_documents([embedded_text(entry.title, entry.body)])[0]
    found = [(n, s) for n, s, _ in nearest_items(collection, space, vector, limit=limit) if s >= SUGGEST]
    return [
        PossibleDuplicate(
            row.item,
            min(row.score, 1.0),
            row.score >= FLAG,
            [{"name": "meaning", "label": "Similarity of meaning", "value": row.score, "contribution": row.score}],
        )
        for row in load_items(found)
        if row.item.external_id != entry.external_id
    ]
