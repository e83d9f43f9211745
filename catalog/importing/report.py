"""What became of the rows of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from catalog.services.learning import Learned

MAX_REPORTED_PROBLEMS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a line did not land."""

    line: int
    reason: str


@dataclass(slots=True)
class ImportReport:
    """How many lines became what. `problems` keeps the first thousand; `bad` and `repeated` count them all."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    bad: int = 0
    repeated: int = 0
    is_cancelled: bool = False
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)  # how the file was read
    learned: Learned | None = None

    @property
    def landed(self) -> int:
        return self.created + self.updated + self.unchanged

    @property
    def counts(self) -> str:
        text = (
            f"{self.created:,} created, {self.updated:,} updated, {self.unchanged:,} unchanged, {self.bad:,} bad lines"
        )
        return f"{text}, {self.repeated:,} repeated" if self.repeated else text

    def add_problem(self, line: int, reason: str) -> None:
        self.bad += 1
        self._keep(line, reason)

    def add_repeated(self, line: int, external_id: str, first: int) -> None:
        self.repeated += 1
        self._keep(line, f"repeats the id '{external_id}' of line {first}: left out")

    def _keep(self, line: int, reason: str) -> None:
        if len(self.problems) < MAX_REPORTED_PROBLEMS:
            self.problems.append(Problem(line, reason))
