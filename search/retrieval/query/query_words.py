"""The words of a query with their statistics in the collection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection

from catalog.models import Collection
from search.retrieval.query.parsing import ParsedQuery, identifiers_in
from search.retrieval.query.stemming import stem

MAX_REPETITIONS = 4  # that count: a text that has a word a hundred times does not ask for it a hundred times
MAX_WORDS = 64  # of one query, the weightiest by rarity and repetition; further ones are not ranked by


@dataclass(frozen=True, slots=True)
class QueryWord:
    """A lexeme of the query: how often it is asked for and in how many items it occurs.

    `alternatives` count as the same word. A guess was not typed: it is what an unknown word was taken for. What was
    begun is what an unknown last word may become. What is senseless is no word of any item nor of the model's.
    """

    lexeme: str
    query_frequency: int
    documents: int
    alternatives: tuple[str, ...] = ()
    is_guess: bool = False
    is_begun: bool = False
    is_senseless: bool = False

    @property
    def lexemes(self) -> tuple[str, ...]:
        return (self.lexeme, *self.alternatives)

    @property
    def tsquery(self) -> str:
        quoted = ["'" + one.replace("\\", "\\\\").replace("'", "''") + "'" for one in self.lexemes]
        return quoted[0] if len(quoted) == 1 else f"({' | '.join(quoted)})"


@dataclass(frozen=True, slots=True)
class QueryWords:
    """The query as PostgreSQL reads it. `required` and `excluded` are tsqueries, empty where none is asked.

    `wished` are tsqueries of phrases that a running text has in quotes. `identifiers` is what of the query may name an
    item, normalised by the function that normalised the items'; empty where none does.
    """

    words: tuple[QueryWord, ...]
    documents: int  # items of the collection
    average_length: float  # distinct words of an item
    required: str = ""
    excluded: str = ""
    wished: tuple[str, ...] = ()
    null_space_id: int | None = None
    null_similarities: tuple[float, ...] = ()
    identifiers: tuple[str, ...] = ()

    @property
    def is_any_known(self) -> bool:
        """Whether some item has a word that was typed, or all that was typed is the beginning of one."""
        typed = [word for word in self.words if not word.is_guess]
        return any(word.documents for word in typed if not word.is_begun) or (
            bool(self.words) and all(word.is_begun for word in self.words)
        )

    def weight(self, word: QueryWord) -> float:
        """What the word counts for: its rarity, and how often it is repeated, within limits."""
        return self.idf(word) * min(word.query_frequency, MAX_REPETITIONS)

    def idf(self, word: QueryWord) -> float:
        """Inverse document frequency as BM25 has it; never negative."""
        return _idf(min(word.documents, self.documents), self.documents)


@lru_cache(maxsize=10_000)
def _idf(frequency: int, documents: int) -> float:
    return math.log(1 + (documents - frequency + 0.5) / (frequency + 0.5))


NO_WORDS = QueryWords((), 0, 1.0)

# Asked whether one exists, PostgreSQL would read a large table until it meets the first instead of using the index; and
# it would ask for each word again if what is asked once did not stand apart.
WORDS = """
    WITH typed AS MATERIALIZED (
        SELECT ARRAY(SELECT akin_normalize_identifier(x) FROM unnest(%(identifiers)s::text[]) x) AS identifiers
    ), named AS MATERIALIZED (
        SELECT CASE WHEN (SELECT count(*) FROM catalog_item i WHERE i.identifiers && typed.identifiers
                          AND i.collection_id = %(collection)s) > 0
                    THEN identifiers ELSE '{}' END AS identifiers FROM typed
    )
    SELECT w.lexeme, coalesce(cardinality(w.positions), 1), coalesce(w.documents, 0),
           coalesce(t.documents, 0), coalesce(t.average_length, 1), t.null_space_id, t.null_similarities,
           named.identifiers
    FROM named LEFT JOIN search_collectionstatistic t ON t.collection_id = %(collection)s
    LEFT JOIN LATERAL (
        SELECT lexeme, positions, documents FROM unnest(to_tsvector(%(language)s::regconfig, %(text)s)) u
        LEFT JOIN search_wordstatistic ON collection_id = %(collection)s AND word = lexeme
        ORDER BY documents IS NULL, ln(1 + coalesce(t.documents, 0) / (documents + 0.5::float8))
                 * least(coalesce(cardinality(positions), 1), %(repetitions)s) DESC, lexeme
        LIMIT %(limit)s
    ) w ON true
"""

CONDITIONS = """
    SELECT coalesce((SELECT string_agg('(' || q::text || ')', ' & ')
                     FROM (SELECT phraseto_tsquery(%(language)s::regconfig, p) AS q
                           FROM unnest(%(phrases)s::text[]) p) a WHERE numnode(q) > 0), ''),
           coalesce((SELECT string_agg('(' || q::text || ')', ' | ')
                     FROM (SELECT phraseto_tsquery(%(language)s::regconfig, p) AS q
                           FROM unnest(%(excluded)s::text[]) p) b WHERE numnode(q) > 0), ''),
           ARRAY(SELECT DISTINCT q::text FROM (SELECT phraseto_tsquery(%(language)s::regconfig, p) AS q
                                               FROM unnest(%(wishes)s::text[]) p) c WHERE numnode(q) > 1)
"""


def query_words(collection: Collection, query: ParsedQuery) -> QueryWords:
    """Looks the query's words up in the collection's statistics."""
    parameters: dict[str, Any] = {
        "collection": collection.pk,
        "language": collection.language,
        "limit": MAX_WORDS,
        "repetitions": MAX_REPETITIONS,
        "text": splittable(query.text),
        "identifiers": identifiers_in(query.text),
        "phrases": list(map(splittable, query.phrases)),
        "excluded": list(map(splittable, query.excluded)),
        "wishes": list(map(splittable, query.wishes)),
    }
    with connection.cursor() as cursor:
        cursor.execute(WORDS, parameters)
        rows = cursor.fetchall()
        required, excluded, wished = "", "", []
        if query.phrases or query.excluded or query.wishes:
            cursor.execute(CONDITIONS, parameters)
            required, excluded, wished = cursor.fetchone()
    found = [QueryWord(row[0], row[1], row[2]) for row in rows if row[0] is not None]
    words = without_compounds(found, collection.language)
    _, _, _, documents, average_length, null_space_id, null_similarities, identifiers = rows[0]
    return QueryWords(
        words=words,
        documents=documents,
        average_length=average_length,
        required=required,
        excluded=excluded,
        wished=tuple(wished),
        null_space_id=null_space_id,
        null_similarities=tuple(null_similarities or ()),
        identifiers=tuple(one for one in identifiers if one),
    )


def without_compounds(words: Sequence[QueryWord], language: str) -> tuple[QueryWord, ...]:
    """The words without those that PostgreSQL gives beside their own parts, *non-stick* beside *non* and *stick*.

    What is written with a hyphen would else count as three words, and an item that has it apart would have only two.
    """
    known = {word.lexeme for word in words}
    return tuple(word for word in words if not _parts(word.lexeme, language) & known)


def _parts(lexeme: str, language: str) -> set[str]:
    parts = lexeme.split("-") if "-" in lexeme else []
    return {form for part in parts for form in (part, stem(part, language))}


def splittable(text: str) -> str:
    """The text with slashes apart, which the parser would otherwise read as a file's path."""
    return text.replace("/", " ")
