"""Which rows belong to a collection, and which of their columns name rows that have other ids elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final


class Column(Enum):
    """How the value of a column is carried over."""

    PLAIN = "plain"  # PostgreSQL's own text
    ITEM = "item"
    ITEMS = "items"  # JSON list of ids
    PAST_ITEM = "past item"  # an item that may be gone
    TOPIC = "topic"
    SPACE = "space"
    HALF = "half"  # vectors travel as base64 of their bytes, a quarter of their text
    FULL = "full"
    SNAPSHOT = "snapshot"  # of a merge, which names items


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table. Those with a reference that leads out of the collection are left behind."""

    name: str
    table: str
    plain: str
    special: dict[str, Column] = field(default_factory=dict)
    order: str = "id"
    only: str = ""
    may_be_null: tuple[str, ...] = ()

    @property
    def columns(self) -> dict[str, Column]:
        return {**self.special, **dict.fromkeys(self.plain.split(), Column.PLAIN)}


PAIR: Final = {"first_id": Column.ITEM, "second_id": Column.ITEM}
PARTS: Final = (
    Part(
        "item",
        "catalog_item",
        "external_id title body url image attributes status created_at updated_at",
        {"id": Column.ITEM, "merged_into_id": Column.ITEM},
        may_be_null=("merged_into_id",),
    ),
    Part(
        "embedding",
        "search_itemembedding",
        "state digest checked_digest marked_at embedded_at attempts error_class error_message",
        {"item_id": Column.ITEM, "space_id": Column.SPACE},
        only="state IN ('embedded', 'failed')",
    ),
    Part(
        "passage",
        "search_passage",
        "ordinal start end",
        {"item_id": Column.ITEM, "space_id": Column.SPACE, "embedding": Column.HALF, "full_embedding": Column.FULL},
    ),
    Part(
        "merge",
        "catalog_mergerecord",
        "merged_by_name merged_at undone_by_name undone_at",
        {"keeper_id": Column.ITEM, "other_id": Column.ITEM, "snapshot": Column.SNAPSHOT},
    ),
    Part(
        "pair",
        "search_duplicatepair",
        "score is_flagged is_variant informs impact evidence state is_changed decided_by_name decided_at reason "
        "first_digest second_digest found_at scored_at",
        PAIR,
    ),
    Part(
        "decision",
        "search_duplicatedecision",
        "decision score decided_by_name decided_at reason first_digest second_digest",
        {"first_item_id": Column.PAST_ITEM, "second_item_id": Column.PAST_ITEM},
    ),
    Part(
        "calibration",
        "search_duplicatecalibration",
        "weights intercept flag_threshold suggest_threshold thresholds_before decisions precision recall "
        "precision_before recall_before applied_by_name applied_at ended_by_name ended_at",
    ),
    Part(
        "duplicate statistic",
        "search_duplicatestatistic",
        "documents words clean_sources estimate expected refreshed_at",
        order="collection_id",
    ),
    Part("judged set", "search_judgedset", "name queries updated_at"),
    Part(
        "topic",
        "search_topic",
        "level name given_name words computed_at",
        {
            "id": Column.TOPIC,
            "space_id": Column.SPACE,
            "parent_id": Column.TOPIC,
            "merged_into_id": Column.TOPIC,
            "centroid": Column.FULL,
        },
        may_be_null=("parent_id", "merged_into_id"),
    ),
    Part(
        "item topic",
        "search_itemtopic",
        "similarity digest",
        {"item_id": Column.ITEM, "topic_id": Column.TOPIC},
        order="item_id",
    ),
    Part("place", "search_itemplace", "x y", {"item_id": Column.ITEM}, order="item_id"),
    Part(
        "suggestion",
        "search_suggestion",
        "kind attribute present proposed score state decided_by_name decided_at found_at",
        {"item_id": Column.ITEM, "neighbours": Column.ITEMS},
    ),
    Part(
        "value model",
        "search_valuemodel",
        "attribute values weights examples computed_at",
        {"space_id": Column.SPACE},
    ),
    Part(
        "statistic",
        "search_collectionstatistic",
        "documents average_length refreshed_at null_similarities",
        {"null_space_id": Column.SPACE},
        order="collection_id",
        may_be_null=("null_space_id",),
    ),
    Part("word", "search_wordstatistic", "word documents"),
    Part("vocabulary", "search_vocabularyword", "word documents"),
)
BY_NAME: Final = {part.name: part for part in PARTS}

# Of the collection itself, beside its name in addresses.
FIELDS: Final = (
    "name",
    "description",
    "language",
    "visibility",
    "attribute_schema",
    "duplicate_policy",
    "search_settings",
)
FOUND_FIELDS: Final = ("schema_source", "schema_rows")
