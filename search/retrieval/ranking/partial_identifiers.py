"""Items whose identifiers the whole query begins: of NRD-TN2-4410, "NRD-TN2" begins it and "4410" a segment of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from catalog.models import Collection
from search.retrieval.query.parsing import MAX_IDENTIFIER_TOKENS, MIN_PARTIAL_LENGTH, normalize_identifier
from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import Conditions

MAX_HITS = 20  # more items than that are not meant by a part of a code
MAX_LENGTH = 60  # characters

# A beginning that very many identifiers share costs no more than reading this many of them. The sum with zero keeps
# the planner from going through the whole collection, as it expects to meet enough items soon.
BEGUN = """
    SELECT id, part FROM (
        SELECT i.id, (SELECT min(x) FROM unnest(tsvector_to_array(i.identifier_parts)) x
                      WHERE starts_with(x, %(beginning)s)) AS part
        FROM catalog_item i
        WHERE i.identifier_parts @@ (quote_literal(%(beginning)s) || ':*')::tsquery
          AND i.collection_id + 0 = %(collection)s AND {visible} LIMIT {limit}
    ) AS begun ORDER BY length(part), part, id
"""


def begun_by(collection: Collection, text: str, words: QueryWords, conditions: Conditions) -> dict[int, str]:
    """The items with the identifier, or the rest of it, that the query begins; nothing where that are many."""
    beginning = beginning_in(text, words)
    if not beginning:
        return {}
    parameters = {
        **conditions.parameters,
        **legs.condition_parameters(words),
        "beginning": beginning,
        "collection": collection.pk,
    }
    sql = BEGUN.format(visible=legs.visible_sql(words, conditions), limit=MAX_HITS + 1)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: Sequence[tuple[int, str]] = cursor.fetchall()
    return dict(rows) if len(rows) <= MAX_HITS else {}


def beginning_in(text: str, words: QueryWords) -> str:
    """The query without its signs, where all of it may be a part of an identifier; else nothing.

    Without a digit only what is no word of any item is one.
    """
    beginning = normalize_identifier(text)
    if not MIN_PARTIAL_LENGTH <= len(beginning) <= MAX_LENGTH or len(text.split()) > MAX_IDENTIFIER_TOKENS:
        return ""
    has_digit = any(mark.isdigit() for mark in beginning)
    is_known = any(word.documents for word in words.words)
    return beginning if has_digit or not is_known else ""
