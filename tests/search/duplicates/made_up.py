"""What a made-up catalog consists of: items, pairs that are the same, and words by rules."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

# fmt: off
SYLLABLES = [
    "ba", "be", "bo", "da", "de", "di", "fa", "fe", "ga", "go", "ha", "hi", "jo", "ka", "ke", "la", "le", "li", "lo",
    "ma", "me", "mi", "mo", "na", "ne", "ni", "no", "pa", "po", "ra", "re", "ri", "ro", "sa", "se", "si", "so", "ta",
    "te", "ti", "to", "va", "ve", "vi", "wa", "za", "ze", "an", "en", "in", "on", "er", "el", "ar", "or", "um", "us",
]
# fmt: on


@dataclass
class Made:
    """Items as (title, body, attributes), and which pairs of them are the same thing."""

    items: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    matches: set[tuple[int, int]] = field(default_factory=set)
    across: str | None = None

    def add(self, title: str, body: str = "", **attributes: Any) -> int:
        self.items.append((title, body, {name: value for name, value in attributes.items() if value not in ("", None)}))
        return len(self.items) - 1

    def same(self, one: int, other: int) -> None:
        self.matches.add((min(one, other), max(one, other)))


class Words:
    """Made-up words, the first of them far more often than the last."""

    def __init__(self, seed: int, size: int = 3_000) -> None:
        self.random = random.Random(seed)
        made: dict[str, None] = {}
        while len(made) < size:
            made["".join(self.random.choices(SYLLABLES, k=self.random.choice((2, 2, 3, 3, 4))))] = None
        self.words = list(made)

    def word(self) -> str:
        return self.words[min(int(self.random.paretovariate(0.2)) - 1, 10**9) % len(self.words)]

    def phrase(self, low: int, high: int) -> str:
        return " ".join(self.word() for _ in range(self.random.randint(low, high))).capitalize()

    def name(self) -> str:
        return f"{self.random.choice(self.words).capitalize()} {self.random.choice(self.words).capitalize()}"

    def misspelt(self, text: str, share: float = 0.04) -> str:
        letters = list(text)
        for at in range(len(letters)):
            if letters[at].isalpha() and self.random.random() < share:
                letters[at] = self.random.choice(("", letters[at] * 2, self.random.choice("aeiourst")))
        return "".join(letters)
