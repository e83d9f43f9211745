"""Texts of similar length go together, so that little is computed for padding. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], *, largest: int, room: int) -> Iterator[list[int]]:
    """The numbers of the texts from the shortest on, in batches of a power of two.

    A batch has at most `largest` texts and, with each as long as its longest, at most `room`; a longer text goes alone.
    Each shape of a batch that a model has seen takes memory that stays taken: hence so few sizes.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    start = 0
    while start < len(order):
        size = 1
        while _fits(lengths, order[start : start + 2 * size], 2 * size, largest, room):
            size *= 2
        yield order[start : start + size]
        start += size


def _fits(lengths: Sequence[int], numbers: Sequence[int], size: int, largest: int, room: int) -> bool:
    return len(numbers) == size <= largest and size * lengths[numbers[-1]] <= room
