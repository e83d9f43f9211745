"""Stored evidence of a pair as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SUMMARY_TERMS = 3


@dataclass(frozen=True, slots=True)
class Term:
    """One reason for or against a pair; `contribution` is below 0 when it speaks against it."""

    name: str
    value: str
    contribution: float

    @property
    def is_against(self) -> bool:
        return self.contribution < 0


def read_terms(evidence: Sequence[dict[str, Any]]) -> list[Term]:
    """The terms, the weightiest first. What is not known is left out, as the format grows with the evidence."""
    terms = [_read_term(term) for term in evidence if isinstance(term, dict) and "name" in term]
    return sorted(terms, key=lambda term: -abs(term.contribution))


def summarise(evidence: Sequence[dict[str, Any]]) -> str:
    """The weightiest terms in one line."""
    return ", ".join(term.name for term in read_terms(evidence)[:SUMMARY_TERMS]) or "–"


def _read_term(term: dict[str, Any]) -> Term:
    value = term.get("value")
    shown = f"{value:.2f}" if isinstance(value, float) else "" if value is None else str(value)
    return Term(str(term.get("label") or term["name"]), shown, float(term.get("contribution") or 0))
