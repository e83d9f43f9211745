"""Stored evidence of a pair as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SUMMARY_TERMS = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One reason for or against a pair. `weight` is positive when it speaks for it, None when unknown."""

    name: str
    text: str
    weight: float | None

    @property
    def is_against(self) -> bool:
        return self.weight is not None and self.weight < 0


def read_terms(evidence: Sequence[dict[str, Any]]) -> list[Term]:
    """The terms, the heaviest first."""
    terms = [_read_term(term) for term in evidence if isinstance(term, dict)]
    return sorted(terms, key=lambda term: -abs(term.weight or 0))


def summarise(evidence: Sequence[dict[str, Any]]) -> str:
    """The heaviest terms in one line."""
    return ", ".join(f"{term.name} {term.text}".strip() for term in read_terms(evidence)[:SUMMARY_TERMS]) or "–"


def _read_term(term: dict[str, Any]) -> Term:
    name = str(term.get("label") or term.get("name") or term.get("term") or "evidence").replace("_", " ")
    value = term.get("text") or term.get("detail") or term.get("value")
    weight = next((term[key] for key in ("contribution", "weight", "points") if key in term), None)
    shown = f"{value:.2f}" if isinstance(value, float) else "" if value is None else str(value)
    return Term(name, shown, float(weight) if isinstance(weight, int | float) else None)
