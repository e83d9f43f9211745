"""A collection's duplicate policy, ready for use: which pairs may be duplicates, and from which score on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog.models import Collection
from catalog.schemas import parse_duplicate_policy
from search.duplicates.evidence.scorer import FLAG, SUGGEST
from search.duplicates.reading.words import fold

Value = tuple[str, ...]  # folded, sorted; empty when the item has no value


@dataclass(frozen=True, slots=True)
class Rules:
    """`across`: only pairs that differ in it. `same`: only pairs that agree in all of them, and have a value."""

    is_enabled: bool = True
    across: str | None = None
    same: tuple[str, ...] = ()
    flag: float = FLAG
    suggest: float = SUGGEST

    def source_of(self, attributes: Mapping[str, Any]) -> Value:
        """The side of an item, where pairs must be across."""
        return value_of(attributes.get(self.across)) if self.across else ()

    def block_of(self, attributes: Mapping[str, Any]) -> tuple[Value, ...] | None:
        """What the other item must have too; None when the item lacks it and so pairs with nothing."""
        values = tuple(value_of(attributes.get(name)) for name in self.same)
        return values if all(values) else None

    def may_pair(self, left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
        """Whether the policy lets the two items be duplicates."""
        if not self.is_enabled or (self.across and self.source_of(left) == self.source_of(right)):
            return False
        block = self.block_of(left)
        return block is not None and block == self.block_of(right)

    def compared(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """The attributes that say something about a pair: not the one in which all pairs differ."""
        return {name: value for name, value in attributes.items() if name != self.across}


def rules_of(collection: Collection) -> Rules:
    """The rules of the collection's policy. Raises InvalidInput when it is broken."""
    policy = parse_duplicate_policy(collection.duplicate_policy)
    flag = FLAG if policy.flag_threshold is None else policy.flag_threshold
    suggest = min(SUGGEST, flag) if policy.suggest_threshold is None else policy.suggest_threshold
    return Rules(policy.enabled, policy.across, tuple(policy.same), flag, min(suggest, flag))


def value_of(value: Any) -> Value:
    """An attribute's value, or its list of values, in one form."""
    values = value if isinstance(value, list) else [value]
    return tuple(sorted({fold(str(one)).strip() for one in values if one is not None and str(one).strip()}))
