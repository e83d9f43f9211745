"""Which passages make a context: each text once, neighbours joined, never more than there is room for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search.retrieval.context.assembling import Candidate, Source, assemble, block
from search.retrieval.context.tokens import cut_at, tokens_of

STOVE = "The stove burns petrol in the cold and boils a litre of water in three minutes."
TENT = "A tent for two walkers with a porch in which one can cook when it rains outside."


def source(*parts: str, title: str = "Title") -> Source:
    return Source(title, "\n".join([title, *parts]))


def span_of(own: Source, part: str) -> tuple[int, int]:
    start = own.text.index(part)
    return start, start + len(part)


def test_what_another_item_has_said_is_left_out_and_noted() -> None:
    sources = {1: source(STOVE), 2: source(STOVE.upper()), 3: source(TENT)}
    candidates = [
        Candidate(i, (span_of(sources[i], text),), 1.0 / i) for i, text in ((1, STOVE), (2, STOVE.upper()), (3, TENT))
    ]
    found = assemble(candidates, sources, limit=10, max_tokens=None)
    assert [(piece.item_id, piece.also_in) for piece in found.pieces] == [(1, [2]), (3, [])]
    assert found.left_out == 0


def test_passages_that_differ_in_what_matters_are_both_kept() -> None:
    red, green = "Tunnel tent, two persons, red, 2.1 kg", "Tunnel tent, four persons, green, 3.9 kg"
    sources = {1: source(red), 2: source(green)}
    candidates = [Candidate(i, (span_of(sources[i], text),), 1.0) for i, text in ((1, red), (2, green))]
    assert len(assemble(candidates, sources, limit=10, max_tokens=None).pieces) == 2


def test_neighbours_are_taken_in_as_far_as_there_is_room() -> None:
    parts = [f"Part {word} of a story that goes on and on." for word in ("one", "two", "three", "four", "five")]
    own = source(*parts)
    wide = span_of(own, parts[0])[0], span_of(own, parts[4])[1]
    near = span_of(own, parts[1])[0], span_of(own, parts[3])[1]
    candidate = Candidate(1, (wide, near, span_of(own, parts[2])), 1.0)
    room = tokens_of(block(1, own, *near)) + 1
    for max_tokens, span in ((None, wide), (room, near), (room - 1, candidate.spans[-1])):
        (piece,) = assemble([candidate], {1: own}, limit=5, max_tokens=max_tokens).pieces
        assert (piece.start, piece.end) == span


def test_passages_that_touch_become_one() -> None:
    parts = ["First words of it.", "Second words, quite others.", "Third words of yet another kind."]
    own = source(*parts)
    spans = [span_of(own, part) for part in parts]
    candidates = [
        Candidate(1, ((spans[0][0], spans[1][1]), spans[0]), 0.9),
        Candidate(1, ((spans[1][0], spans[2][1]), spans[2]), 0.8),
    ]
    (piece,) = assemble(candidates, {1: own}, limit=5, max_tokens=None).pieces
    assert (piece.start, piece.end, piece.score) == (spans[0][0], spans[2][1], 0.9)


def test_a_passage_that_does_not_fit_makes_room_for_a_shorter_one() -> None:
    long = " ".join(f"word{chr(97 + n % 26)}{n}" for n in range(300))
    sources = {1: source(TENT), 2: source(long), 3: source(STOVE)}
    candidates = [Candidate(i, (span_of(sources[i], t),), 1.0 / i) for i, t in ((1, TENT), (2, long), (3, STOVE))]
    found = assemble(candidates, sources, limit=10, max_tokens=100)
    assert [piece.item_id for piece in found.pieces] == [1, 3] and found.left_out == 1


def test_the_first_passage_is_cut_where_nothing_fits_whole() -> None:
    own = source(" ".join(["walking"] * 500))
    found = assemble([Candidate(1, ((0, len(own.text)),), 1.0)], {1: own}, limit=1, max_tokens=50)
    (piece,) = found.pieces
    assert 0 < piece.end < len(own.text) and tokens_of(block(1, own, piece.start, piece.end)) <= 50
    assert own.text[: piece.end].endswith("walking") and found.left_out == 0


PARTS = st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=6)


@given(st.lists(PARTS, min_size=1, max_size=5), st.integers(20, 200), st.integers(1, 8))
def test_a_context_never_takes_more_than_there_is_room_for(items: list[list[str]], room: int, limit: int) -> None:
    sources = {n: source(*parts, title=f"Item {n}") for n, parts in enumerate(items)}
    candidates = [
        Candidate(n, ((0, len(own.text)), (end // 3, end)), 1.0)
        for n, own in sources.items()
        for end in {max(len(own.text) // 2, 1), len(own.text)}
    ]
    found = assemble(candidates, sources, limit=limit, max_tokens=room)
    text = "\n\n".join(block(n, sources[p.item_id], p.start, p.end) for n, p in enumerate(found.pieces, start=1))
    assert tokens_of(text) <= room and len(found.pieces) <= limit


def test_tokens_add_up_and_follow_the_script() -> None:
    assert tokens_of("a cat sat") == 3 and tokens_of("internationalisation") == 5
    assert tokens_of("1234567") == 3 and tokens_of("東京") == 4 and tokens_of("палатка") == 4
    assert cut_at("one two three", 2) == len("one two")
