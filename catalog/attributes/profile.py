"""What a column of values looks like: counted once, asked many times while its definition is inferred."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from catalog.attributes.reading import is_missing

MAX_DISTINCT: Final = 50_000  # values that are remembered of a column
MAX_REMEMBERED: Final = 300  # characters of a value


@dataclass(slots=True)
class Profile:
    """Counts of a column's values as text; of native values, also of which kind they were."""

    rows: int = 0  # that have a value
    texts: Counter[str] = field(default_factory=Counter)
    booleans: int = 0
    lists: int = 0
    elements: Counter[str] = field(default_factory=Counter)  # of native lists

    def add(self, value: Any) -> None:
        if value is None or value == [] or is_missing(value):
            return
        self.rows += 1
        if isinstance(value, list):
            self.lists += 1
            self._count(self.elements, *{_text(part) for part in value})
            return
        self.booleans += isinstance(value, bool)
        self._count(self.texts, _text(value))

    def _count(self, counter: Counter[str], *texts: str) -> None:
        for text in texts:
            if text in counter or len(counter) < MAX_DISTINCT:
                counter[text] += 1

    @property
    def counted(self) -> int:
        return self.texts.total()

    def share(self, holds: Callable[[str], bool]) -> float:
        """The share of the rows whose text fulfils the condition, which is asked once for each text."""
        return sum(count for text, count in self.texts.items() if holds(text)) / (self.counted or 1)


def _text(value: Any) -> str:
    return str(value).strip()[:MAX_REMEMBERED]


def repetition(counter: Counter[str]) -> float:
    """The share of occurrences whose value occurs elsewhere, too."""
    shared = sum(count for count in counter.values() if count > 1)
    return shared / (counter.total() or 1)
