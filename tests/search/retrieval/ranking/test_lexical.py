"""Which items the lexical leg looks at."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.query.query_words import QueryWord, QueryWords
from search.retrieval.ranking.lexical import (
    MAX_PAIRS,
    MAX_RARE_WORDS,
    candidate_tsquery,
    estimated_pair_documents,
)

WORDS = st.lists(
    st.builds(QueryWord, st.text("abc'\\ é", min_size=1, max_size=5), st.just(1), st.integers(0, 2_000)),
    max_size=20,
    unique_by=lambda word: word.lexeme,
)


def words_of(**documents: int) -> QueryWords:
    return QueryWords(tuple(QueryWord(word, 1, n) for word, n in documents.items()), 1_000, 10.0)


def test_no_words_ask_for_nothing() -> None:
    assert candidate_tsquery(QueryWords((), 1_000, 10.0)) == ""


def test_words_that_fit_the_budget_are_alternatives_rarest_first() -> None:
    assert candidate_tsquery(words_of(tent=100, stove=20), budget=500) == "'stove' | 'tent'"


def test_a_word_that_overruns_the_budget_counts_in_pairs_only() -> None:
    assert candidate_tsquery(words_of(rare=10, big=400, red=450), budget=300) == "'rare' | ('big' & 'red')"


def test_words_that_are_all_too_common_have_to_occur_together() -> None:
    assert candidate_tsquery(words_of(big=900, red=950, tent=980), budget=10) == "'big' & 'red' & 'tent'"


def test_one_word_is_asked_for_however_common_it_is() -> None:
    assert candidate_tsquery(words_of(tent=900), budget=10) == "'tent'"


def test_quotes_and_backslashes_of_a_word_are_escaped() -> None:
    assert QueryWord("o'c\\d", 1, 1).tsquery == r"'o''c\\d'"


@given(WORDS, st.integers(0, 1_000))
def test_rare_words_and_pairs_stay_within_the_budget(words: list[QueryWord], budget: int) -> None:
    query = QueryWords(tuple(words), 2_000, 10.0)
    by_word = {word.tsquery: word for word in words}
    taken = re.findall(r"\((.*?)\)|('(?:[^']|'')*')", candidate_tsquery(query, budget)) if words else []
    singles = [single for pair, single in taken if not pair]
    if " & " in candidate_tsquery(query, budget) and not any(pair for pair, _ in taken):
        return  # all together, since even the rarest pair overran
    if len(words) > 1:
        assert sum(by_word[one].documents for one in singles if one in by_word) <= budget
    assert len(singles) <= MAX_RARE_WORDS
    assert sum(1 for pair, _ in taken if pair) <= MAX_PAIRS


@given(st.integers(0, 500), st.integers(0, 500), st.integers(500, 5_000))
def test_a_pair_occurs_at_least_as_often_as_by_chance_and_no_more_than_its_rarer_word(
    a: int, b: int, documents: int
) -> None:
    estimate = estimated_pair_documents(QueryWord("a", 1, a), QueryWord("b", 1, b), documents)
    assert a * b / documents <= estimate + 1e-9
    assert estimate <= min(a, b)
