"""A collection's words in this process's memory, and how a query with unknown words is read by them."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from django.db import connection

from catalog.models import Collection
from catalog.models.item import VISIBLE
from search.embedding.query_vectors import whole_words
from search.embedding.spaces.lifecycle import active_space
from search.models import CollectionStatistic, VocabularyWord
from search.retrieval.query.parsing import ParsedQuery
from search.retrieval.query.query_words import QueryWord, QueryWords, query_words
from search.retrieval.query.spelling import MIN_LETTERS, Reading, Vocabulary, read_unknown
from search.retrieval.query.stemming import stem
from search.timing import stage

REMEMBERED = 4  # vocabularies, the last used; the largest take about 20 MB
MAX_UNKNOWN = 8  # words of one query that are looked at

_LETTERS = re.compile(r"(?<![\w-])[^\W\d_]{3,40}(?![\w-])")
_remembered: OrderedDict[int, tuple[datetime, Vocabulary]] = OrderedDict()
_lock = Lock()

# The statistics may be older than an item; a word that any item has is not unknown.
OCCURRING = f"""
    SELECT w FROM unnest(%(words)s::text[]) w WHERE EXISTS (
        SELECT 1 FROM catalog_item i WHERE i.search_vector @@ quote_literal(w)::tsquery
          AND i.collection_id = {{collection}} AND {VISIBLE}
    )
"""


@dataclass(frozen=True, slots=True)
class Read:
    """The query as it is searched: what was typed, or what it was taken for."""

    parsed: ParsedQuery
    words: QueryWords
    suggestion: str | None = None


@stage("search.words")
def read_query(collection: Collection, typed: str, parsed: ParsedQuery) -> Read:
    """Looks the words up; what no item has is completed or corrected by the collection's own vocabulary."""
    words = query_words(collection, parsed)
    if not words.documents or all(word.documents for word in words.words):
        return Read(parsed, words)
    unknown = _unknown(collection, parsed, words)
    known_to_model = whole_words(active_space(), list(unknown))
    reading = _reading(collection, typed, parsed, list(unknown), known_to_model or set())
    if reading is not None:
        read = replace(parsed, text=reading.text)
        guessed = _guessed(collection, read, words, reading)
        if not _has_vanished(collection, guessed):
            return Read(read, _judged(guessed, unknown, known_to_model), reading.suggestion)
    return Read(parsed, _judged(words, unknown, known_to_model))


def _reading(
    collection: Collection, typed: str, parsed: ParsedQuery, unknown: list[str], known_to_model: set[str]
) -> Reading | None:
    """None where most of the words stay unknown: then the query is of another language, or of none."""
    if not unknown:
        return None
    vocabulary = vocabulary_of(collection)
    reading = read_unknown(typed.strip(), parsed.text, unknown, vocabulary, known_to_model.__contains__)
    if reading is None:
        return None
    left = set(reading.text.split())
    kept = sum(1 for word in unknown if word in left and word not in known_to_model)
    read = sum(1 for word in unknown if word not in left)
    return reading if read > kept else None


def _judged(words: QueryWords, unknown: Mapping[str, str], known_to_model: set[str] | None) -> QueryWords:
    """Marks what is senseless: what no item has, and no word of the model's, which alone says what is one."""
    if known_to_model is None:
        return words
    meant = {lexeme for word, lexeme in unknown.items() if word in known_to_model}
    judged = tuple(
        replace(word, is_senseless=not word.documents and not word.is_begun and word.lexeme not in meant)
        for word in words.words
    )
    return replace(words, words=judged)


def _unknown(collection: Collection, parsed: ParsedQuery, words: QueryWords) -> dict[str, str]:
    """The words, as typed, that no item has, with their lexemes. Words in quotes are meant as they are."""
    lexemes = {word.lexeme for word in words.words if not word.documents}
    quoted = {word for phrase in parsed.phrases for word in phrase.split()}
    typed = {
        word: stemmed
        for word in _LETTERS.findall(parsed.text)
        if word not in quoted
        and len(word) >= MIN_LETTERS
        and (stemmed := _lexeme(word.lower(), lexemes, collection.language)) in lexemes
    }
    occurring = _occurring(collection, sorted(set(typed.values())))
    return dict([(word, lexeme) for word, lexeme in typed.items() if lexeme not in occurring][:MAX_UNKNOWN])


def _has_vanished(collection: Collection, words: QueryWords) -> bool:
    """Whether a word was put in that no item to be seen has any more: the count is older, and must not tell of it."""
    lexemes = {lexeme for word in words.words if word.is_guess or word.is_begun for lexeme in word.lexemes}
    return not lexemes <= _occurring(collection, sorted(lexemes))


def _lexeme(word: str, lexemes: set[str], language: str) -> str:
    return word if word in lexemes else stem(word, language)


def _occurring(collection: Collection, lexemes: list[str]) -> set[str]:
    if not lexemes:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(OCCURRING.format(collection=collection.pk), {"words": lexemes})
        return {row[0] for row in cursor.fetchall()}


def _guessed(collection: Collection, read: ParsedQuery, typed: QueryWords, reading: Reading) -> QueryWords:
    """The words of the reading. What was neither typed nor begun is marked as a guess."""
    known = {word.lexeme for word in typed.words}
    begun = query_words(collection, ParsedQuery(" ".join(reading.completions))).words if reading.completions else ()
    forms = tuple(word.lexeme for word in begun)
    words = query_words(collection, read)
    others = tuple(replace(word, is_guess=word.lexeme not in known) for word in words.words if word.lexeme not in forms)
    if forms:  # what the last word may become counts as one word of several forms
        others += (
            QueryWord(forms[0], 1, sum(word.documents for word in begun), alternatives=forms[1:], is_begun=True),
        )
    return replace(words, words=others, identifiers=typed.identifiers)


def vocabulary_of(collection: Collection) -> Vocabulary:
    """As of the last count of the collection's words; empty before the first."""
    refreshed_at = (
        CollectionStatistic.objects.filter(collection=collection).values_list("refreshed_at", flat=True).first()
    )
    if refreshed_at is None:
        return Vocabulary(())
    with _lock:
        stored = _remembered.get(collection.pk)
        if stored is not None and stored[0] == refreshed_at:
            _remembered.move_to_end(collection.pk)
            return stored[1]
    rows = VocabularyWord.objects.filter(collection=collection).values_list("word", "documents")
    vocabulary = Vocabulary(rows.iterator(chunk_size=20_000))
    with _lock:
        _remembered[collection.pk] = (refreshed_at, vocabulary)
        while len(_remembered) > REMEMBERED:
            _remembered.popitem(last=False)
    return vocabulary
