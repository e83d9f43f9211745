"""The file of a collection as large as one likes, real in its words, its lengths and the spread of its vectors."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from django.db import connection
from pgvector import HalfVector, Vector
from sklearn.cluster import MiniBatchKMeans

from catalog.attributes.reading import TEXT_TYPES
from catalog.errors import InvalidInput
from catalog.models import Collection
from search.embedding.encoders.registry import encoder_of
from search.embedding.spaces.lifecycle import active_space
from search.embedding.text import embedded_text, text_digest
from search.evaluation.scaling import mixing
from search.models import EmbeddingSpace
from search.models.embedding import Storage
from search.transfer import archive, spaces
from search.transfer.parts import FIELDS, FOUND_FIELDS

DRAW: Final = "draw"  # a whole number below 1,000 that every item has by chance: what a filter leaves is known
DRAWN_BELOW: Final = 1_000
SEED: Final = 11
MARKED_AT: Final = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
COLUMNS: Final = {
    "item": "id external_id title body url image attributes status created_at updated_at",
    "embedding": "item_id space_id state digest checked_digest marked_at embedded_at attempts error_class "
    "error_message",
    "passage": "item_id space_id embedding full_embedding ordinal start end",
}
ITEMS: Final = """
    SELECT i.id, i.title, i.body, i.attributes, halfvec_send(p.embedding), p.ordinal, p.start, p."end"
    FROM catalog_item i JOIN search_passage p ON p.item_id = i.id AND p.space_id = %s
    WHERE i.collection_id = %s AND i.status = 'published' AND i.merged_into_id IS NULL
    ORDER BY i.id, p.ordinal
"""


@dataclass(frozen=True, slots=True)
class _Source:
    """The items that are mixed, in the order of their ids, and for each those that are about the like."""

    texts: list[mixing.Text]
    attributes: list[dict[str, Any]]
    group_of: npt.NDArray[np.intp]
    groups: list[npt.NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Scaled:
    """How many items and vectors were written, and the median cosine between such a vector and the encoder's own."""

    items: int
    vectors: int
    cosine: float


def scale(
    collection: Collection,
    count: int,
    path: Path,
    *,
    slug: str,
    on_progress: Callable[[int], None] = lambda done: None,
    num_checked: int = 200,
) -> Scaled:
    """Writes the file. The same collection and count give the same items; memory grows with the collection alone.

    Raises InvalidInput for a collection without embedded items.
    """
    space = active_space()
    source = _read(collection, space)
    with archive.writing(path) as writer:
        writer.header(_header(collection, space, slug))
        for number, (text, attributes) in enumerate(_mixed(source, count), start=1):
            writer.row("item", _item_row(number, text, attributes))
            on_progress(number)
        for number, (text, _) in enumerate(_mixed(source, count), start=1):
            writer.row("embedding", _embedding_row(number, text, space))
        for number, (text, _) in enumerate(_mixed(source, count), start=1):
            for row in _passage_rows(number, text, space):
                writer.row("passage", row)
        writer.seal()
    checked = [text for text, _ in _mixed(source, min(count, num_checked))]
    return Scaled(count, writer.counts["passage"], _cosine(space, checked))


def _read(collection: Collection, space: EmbeddingSpace) -> _Source:
    hidden = {name for name, one in collection.attribute_schema.items() if one.get("identifier")}
    texts: list[mixing.Text] = []
    attributes: list[dict[str, Any]] = []
    with connection.cursor() as cursor:
        cursor.execute(ITEMS, [space.pk, collection.pk])
        for _, title, body, own, vector, ordinal, start, end in cursor:
            value = HalfVector.from_binary(vector).to_numpy().astype(np.float32)
            if ordinal == 0:
                texts.append(mixing.Text(title, body, value))
                known = json.loads(own) if isinstance(own, str) else own
                attributes.append({name: one for name, one in known.items() if name not in hidden})
            elif texts:
                last = texts[-1]
                parts = (*last.parts, mixing.Part(start, end, value))
                texts[-1] = mixing.Text(last.title, last.body, last.whole, parts)
    if not texts:
        raise InvalidInput(f"'{collection.slug}' has no embedded items to mix.")
    group_of = _grouped(np.stack([text.whole for text in texts]))
    groups = [np.flatnonzero(group_of == group) for group in range(int(group_of.max()) + 1)]
    return _Source(texts, attributes, group_of, groups)


def _grouped(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
    """Items are mixed with those of their own group, so that there are topics among the mixed ones, too."""
    means = MiniBatchKMeans(max(int(len(vectors) ** 0.5), 1), random_state=SEED, n_init=1, batch_size=4_096)
    found: npt.NDArray[np.intp] = means.fit_predict(vectors)
    return found


def _mixed(source: _Source, count: int) -> Iterator[tuple[mixing.Text, dict[str, Any]]]:
    generator = np.random.default_rng(SEED)
    for number in range(count):
        first = number % len(source.texts)
        group = source.groups[source.group_of[first]]
        second = int(group[generator.integers(len(group))])
        drawn = int(generator.integers(DRAWN_BELOW))
        yield mixing.mix(source.texts[first], source.texts[second]), {**source.attributes[first], DRAW: drawn}


def _header(collection: Collection, space: EmbeddingSpace, slug: str) -> dict[str, Any]:
    fields = {name: getattr(collection, name) for name in (*FIELDS, *FOUND_FIELDS)}
    schema = {name: _by_words(one) for name, one in collection.attribute_schema.items() if not one.get("identifier")}
    schema[DRAW] = {"type": "number"}
    return {
        "exported_at": MARKED_AT,
        "collection": {"slug": slug, **fields, "name": slug, "attribute_schema": schema},
        "spaces": [spaces.described(space)],
        "columns": {part: names.split() for part, names in COLUMNS.items()},
    }


def _by_words(definition: dict[str, Any]) -> dict[str, Any]:
    """The vectors are mixed out of those of texts, so values must not be due for embedding; words find them."""
    is_of_words = definition.get("type", "term") in TEXT_TYPES and definition.get("searched") != "no"
    return {**definition, "searched": "low"} if is_of_words else definition


def _item_row(number: int, text: mixing.Text, attributes: dict[str, Any]) -> archive.Row:
    return [
        str(number),
        f"scaled-{number:08}",
        text.title,
        text.body,
        "",
        "",
        json.dumps(attributes, ensure_ascii=False),
        "published",
        MARKED_AT,
        MARKED_AT,
    ]


def _embedding_row(number: int, text: mixing.Text, space: EmbeddingSpace) -> archive.Row:
    digest = f"\\x{text_digest(text.title, text.body).hex()}"
    return [str(number), str(space.pk), "embedded", digest, digest, MARKED_AT, MARKED_AT, "0", "", ""]


def _passage_rows(number: int, text: mixing.Text, space: EmbeddingSpace) -> Iterator[archive.Row]:
    whole = mixing.Part(0, len(embedded_text(text.title, text.body)), text.whole)
    for ordinal, part in enumerate((whole, *text.parts)):
        half = base64.b64encode(HalfVector(part.vector).to_binary()).decode()
        full = base64.b64encode(Vector(part.vector).to_binary()).decode() if space.storage == Storage.FLOAT else None
        yield [str(number), str(space.pk), half, full, str(ordinal), str(part.start), str(part.end)]


def _cosine(space: EmbeddingSpace, texts: list[mixing.Text]) -> float:
    """Of texts that fit one passage, as the encoder cuts off what is longer."""
    short = [text for text in texts if not text.parts]
    if not short:
        return 0.0
    own = encoder_of(space).encode_documents([embedded_text(text.title, text.body) for text in short])
    cosines = (own * np.stack([text.whole for text in short])).sum(axis=1)
    return round(float(np.median(cosines)), 4)
