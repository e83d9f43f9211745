"""How far words are trusted, by what chance would reach."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.query.query_words import QueryWord, QueryWords
from search.retrieval.ranking.trust import ONCE, word_trust

DOCUMENTS = 10_000


def words_of(*documents: int, of: int = DOCUMENTS) -> QueryWords:
    return QueryWords(tuple(QueryWord(f"w{n}", 1, found) for n, found in enumerate(documents)), of, 50.0)


def score_of(words: QueryWords, *having: int) -> float:
    """Of an item of average length that has these of the words once."""
    return ONCE * sum(words.weight(words.words[n]) for n in having)


def test_a_word_among_many_is_no_proof_and_all_of_them_are() -> None:
    words = words_of(*[200] * 8)
    by_number = [word_trust(score_of(words, *range(found)), words) for found in range(1, 9)]
    assert by_number == sorted(by_number)
    assert by_number[0] < 0.3 and by_number[-1] == 1.0


def test_more_words_around_the_same_match_make_it_weaker() -> None:
    """Among more words some meet by chance; but what is asked for need not be half of a long text."""
    short, long = words_of(*[200] * 4), words_of(*[200] * 40)
    assert word_trust(score_of(long, 0, 1), long) < word_trust(score_of(short, 0, 1), short)
    assert word_trust(score_of(long, *range(8)), long) > 0.5
    assert word_trust(score_of(long, *range(14)), long) == 1.0


def test_rare_words_together_prove_more_than_common_ones() -> None:
    rare, common = words_of(3, 3, 3), words_of(2_000, 2_000, 2_000)
    assert word_trust(score_of(rare, 0, 1), rare) > word_trust(score_of(common, 0, 1), common)


def test_nothing_found_is_not_trusted() -> None:
    assert word_trust(0.0, words_of(5)) == 0.0
    assert word_trust(0.0, words_of()) == 0.0


@pytest.mark.parametrize("documents", [0, 1])
def test_a_collection_without_counts_trusts_its_words(documents: int) -> None:
    assert word_trust(1.0, words_of(0, of=documents)) == 1.0


@given(st.lists(st.integers(0, 12_000), min_size=1, max_size=64), st.floats(0, 500), st.floats(0, 500))
def test_trust_is_a_share_that_grows_with_the_score(documents: list[int], a: float, b: float) -> None:
    words = words_of(*documents)
    low, high = (word_trust(score, words) for score in sorted((a, b)))
    assert 0.0 <= low <= high <= 1.0
