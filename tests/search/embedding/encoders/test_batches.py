"""Batches: every text once, similar lengths together, few sizes, never more than there is room for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from search.embedding.encoders.batches import batches


@given(st.lists(st.integers(1, 300), max_size=80), st.sampled_from([1, 8, 32]), st.sampled_from([100, 1_024]))
def test_every_text_is_in_one_batch_that_has_room(lengths: list[int], largest: int, room: int) -> None:
    parts = list(batches(lengths, largest=largest, room=room))
    assert sorted(n for part in parts for n in part) == list(range(len(lengths)))
    assert [lengths[n] for part in parts for n in part] == sorted(lengths)
    for part in parts:
        assert len(part) <= largest
        assert len(part).bit_count() == 1
        assert len(part) == 1 or len(part) * max(lengths[n] for n in part) <= room
