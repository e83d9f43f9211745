"""Items whose identifiers the whole query begins: of NRD-TN2-4410, "NRD-TN2" begins it and "4410" a segment of it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from catalog.models import Collection
from search.retrieval.query.parsing import MAX_IDENTIFIER_TOKENS, MIN_PARTIAL_LENGTH, normalize_identifier
from search.retrieval.query.query_words import QueryWords
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import Conditions

MAX_HITS = 20  # of a part of a code that is a word, too; more items than that are not meant by it
MANY = legs.LEG_CANDIDATES  # of one that is no word of any item
MAX_LENGTH = 60  # characters
MIN_STRANGE_LENGTH = 3  # characters of what is no word of any item

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
    """The items with the identifier, or the rest of it, that the query begins: the first of many. Where it is a word of
    items, too, many are not meant, and nothing is found."""
    beginning = beginning_in(text, words)
    if not beginning:
        return {}
    parameters = {
        **conditions.parameters,
        **legs.condition_parameters(words),
        "beginning": beginning,
        "collection": collection.pk,
    }
    is_word = _is_word(words)
    limit = MAX_HITS + 1 if is_word else MANY
    sql = BEGUN.format(visible=legs.visible_sql(words, conditions), limit=limit)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: Sequence[tuple[int, str]] = cursor.fetchall()
    return {} if is_word and len(rows) == limit else dict(rows)


def beginning_in(text: str, words: QueryWords) -> str:
    """The query without its signs, where all of it may be a part of an identifier; else nothing.

    Without a digit only what is no word of any item is one.
    """
    beginning, is_word = normalize_identifier(text), _is_word(words)
    least = MIN_PARTIAL_LENGTH if is_word else MIN_STRANGE_LENGTH
    if not least <= len(beginning) <= MAX_LENGTH or len(text.split()) > MAX_IDENTIFIER_TOKENS:
        return ""
    has_digit = any(mark.isdigit() for mark in beginning)
    return beginning if has_digit or not is_word else ""


def _is_word(words: QueryWords) -> bool:
    return any(word.documents for word in words.words)
