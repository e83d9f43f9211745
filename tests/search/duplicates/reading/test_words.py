"""Words as they are compared."""

from __future__ import annotations

import pytest

from search.duplicates.reading.words import fold, is_variant, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("GNU Objective-C++ compiler", ["gnu", "objective", "c++", "compiler"]),
        ("C# and F#, not C", ["c#", "and", "f#", "not", "c"]),
        ("libstdc++ g++ 12", ["libstdc", "g++", "12"]),
        ("vitamin C+ and A# minor", ["vitamin", "c", "and", "a#", "minor"]),
        ("gcc+binutils #1", ["gcc", "binutil", "1"]),
    ],
)
def test_signs_of_a_letter_are_part_of_its_name(text: str, words: list[str]) -> None:
    assert words_of(fold(text)) == words


def test_a_letter_with_signs_is_no_initial() -> None:
    assert is_variant("c", "carl")
    assert not is_variant("c", "c++")
    assert not is_variant("c#", "c")
