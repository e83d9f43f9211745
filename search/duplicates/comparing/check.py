"""What an item that is not saved yet may duplicate."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from django.db import connection

from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from catalog.schemas import ItemInput, parse_attribute_schema
from catalog.services.rereading import typed
from search.duplicates.candidates import lookup
from search.duplicates.candidates.generation import NEAREST, Floats
from search.duplicates.comparing import word_counts
from search.duplicates.comparing.finding import found_pair
from search.duplicates.comparing.incremental import WIDENING_LOG_ODDS
from search.duplicates.comparing.pool import Pool
from search.duplicates.comparing.records import Record
from search.duplicates.evidence.scorer import to_score
from search.duplicates.reading.words import WordStatistics
from search.duplicates.rules import Rules, rules_of
from search.embedding.encoders.registry import Encoder, encoder_of
from search.embedding.spaces.lifecycle import active_space
from search.embedding.text import embedded_text, embedded_values, passage_spans, span_lengths, text_digest
from search.models import EmbeddingSpace
from search.timing import stage

MAX_PASSAGES = 6  # of a long text that are encoded: a person waits
UNSAVED = 0  # the id and the number of the new item


@dataclass(frozen=True, slots=True)
class PossibleDuplicate:
    """A stored item that the new one may repeat. `evidence` is that of `search.duplicates.evidence.explanation`."""

    item: Item
    score: float
    is_flagged: bool
    evidence: list[dict[str, Any]]


@stage("duplicates.check")
def check_item(*, collection: Collection, entry: ItemInput, limit: int = 5) -> list[PossibleDuplicate]:
    """The items that the entry may repeat, likeliest first. Raises EncoderUnavailable. Stores nothing."""
    rules, space = rules_of(collection), active_space()
    if not rules.is_enabled:
        return []
    with suppress(InvalidInput):  # while it is typed, a value may be none yet
        entry = typed(collection, entry)
    pool = Pool(collection, space, rules)
    record = _record(collection, entry, _vector(encoder_of(space), collection, entry))
    pool.add_unsaved(record)
    own = pool.pairs_with(UNSAVED, _candidates(collection, space, record, rules, pool.statistics, entry.external_id))
    likely = sorted(pair[1] for pair, total in own.items() if total >= WIDENING_LOG_ODDS)
    settled = pool.settle({**pool.stored_pairs(likely), **own} if likely else own)
    numbers = {number: item_id for item_id, number in pool.numbers.items()}
    scores = {pair: to_score(total) for pair, total in settled.total.items() if pair[0] == UNSAVED}
    best = sorted((pair for pair, score in scores.items() if score >= rules.suggest), key=lambda pair: -scores[pair])
    items = Item.objects.light().select_related("collection").in_bulk([numbers[pair[1]] for pair in best[:limit]])
    return [
        PossibleDuplicate(
            item=items[numbers[pair[1]]],
            score=scores[pair],
            is_flagged=scores[pair] >= rules.flag,
            evidence=found_pair(pool.comparer, settled, pair, scores[pair]).evidence,
        )
        for pair in best[:limit]
        if numbers[pair[1]] in items
    ]


def _vector(encoder: Encoder, collection: Collection, entry: ItemInput) -> Floats:
    """The vector the item would get, from its first passages when it is long."""
    text = embedded_text(entry.title, entry.body)[: MAX_PASSAGES * encoder.max_tokens * 8]
    text += embedded_values(_attribute_texts(collection, entry))
    spans = passage_spans(text, encoder.token_offsets([text])[0], encoder.max_tokens)[:MAX_PASSAGES]
    vectors = encoder.encode_documents([text[span.start : span.end] for span in spans])
    whole: Floats = span_lengths(spans) @ vectors
    return whole / max(float(np.linalg.norm(whole)), 1e-9)


def _attribute_texts(collection: Collection, entry: ItemInput) -> list[str]:
    """The values that are searched, by the function that stored items are read by."""
    with connection.cursor() as cursor:
        attributes, schema = orjson.dumps(entry.attributes), json.dumps(collection.attribute_schema)
        cursor.execute("SELECT akin_attribute_texts(%s::jsonb, %s::jsonb)", [attributes.decode(), schema])
        return list(cursor.fetchone()[0])


def _record(collection: Collection, entry: ItemInput, vector: Floats) -> Record:
    return Record(
        item_id=0,
        title=entry.title,
        body=entry.body,
        attributes=entry.attributes,
        digest=text_digest(entry.title, entry.body),
        identifiers=_identifiers(collection, entry),
        vector=vector,
    )


def _identifiers(collection: Collection, entry: ItemInput) -> frozenset[str]:
    """The identifiers among the attributes, as PostgreSQL's akin_normalize_identifier writes them."""
    schema = parse_attribute_schema(collection.attribute_schema)
    values = [entry.attributes.get(name) for name, one in schema.items() if one.identifier]
    single = [one for value in values for one in (value if isinstance(value, list) else [value])]
    plain = ("".join(filter(str.isalnum, str(one))).lower() for one in single if one is not None)
    return frozenset(one for one in plain if len(one) >= 3)


def _candidates(
    collection: Collection,
    space: EmbeddingSpace,
    record: Record,
    rules: Rules,
    statistics: WordStatistics,
    external_id: str,
) -> set[int]:
    """Ids of items worth comparing; the stored item of the same external id is the entry itself."""
    words = word_counts.words_of_item(record.title, record.body)
    ids = {
        *lookup.nearest_to(collection, space, record.vector, 3 * NEAREST if rules.across or rules.same else NEAREST),
        *lookup.sharing_rare_words(collection, words, statistics),
        *lookup.twins(collection, record.digest, sorted(record.identifiers)),
    }
    own = Item.objects.filter(collection=collection, external_id=external_id).values_list("pk").first()
    return ids - set(own or ())
