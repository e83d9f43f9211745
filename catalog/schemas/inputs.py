"""The shapes of the catalog's input: item lines, attribute schemas and duplicate policies, checked in one place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from catalog.errors import InvalidInput
from catalog.json_text import LEAST_NUMBER, MOST_NUMBER
from catalog.schemas.texts import (
    HAS_LETTER,
    MAX_ATTRIBUTE_BYTES,
    MAX_ATTRIBUTES,
    AttributeName,
    Attributes,
    BodyText,
    ExternalId,
    ImageUrl,
    Text,
    Title,
    Url,
    ValueName,
)

Model = TypeVar("Model", bound=BaseModel)

HAS_TEXT = ConfigDict(
    json_schema_extra={
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "string", "pattern": HAS_LETTER}}}
            for name in ("title", "body")
        ]
    }
)


class Strict(BaseModel):
    """Input as JSON means it: no unknown key, and neither "5" nor true is a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ItemInput(Strict):
    """One item as it comes in: a line of a file, an API body, a form."""

    model_config = HAS_TEXT

    external_id: ExternalId
    title: Title = ""
    body: BodyText = ""
    url: Url = ""
    image: ImageUrl = ""
    attributes: Attributes = Field(default_factory=dict)
    status: Literal["draft", "published", "archived"] = "published"

    @model_validator(mode="after")
    def _has_text_and_plain_attributes(self) -> ItemInput:
        if not self.title.strip() and not self.body.strip():
            raise ValueError("title and body are both empty")
        if len(encoded := _encode_attributes(self.attributes)) > MAX_ATTRIBUTE_BYTES:
            raise ValueError(f"attributes take {len(encoded):,} bytes, at most {MAX_ATTRIBUTE_BYTES:,} are allowed")
        return self


def _encode_attributes(attributes: Mapping[str, Any]) -> bytes:
    for name, value in attributes.items():
        _check_attribute(name, value)
    try:
        return orjson.dumps(attributes)
    except (TypeError, orjson.JSONEncodeError) as error:
        raise ValueError(f"attributes cannot be stored as JSON: {error}") from error


def _check_attribute(name: str, value: Any) -> None:
    values = value if isinstance(value, list) else [value]
    for single in values:
        _check_number(name, single)
        if single is not None and not isinstance(single, str | int | float | bool):
            raise ValueError(f"attribute '{name}' must be text, a number, true/false, null or a list of these")
        if isinstance(single, str) and "\x00" in single:
            raise ValueError(f"attribute '{name}' must not contain the NUL character")


def _check_number(name: str, value: Any) -> None:
    """Whatever is read back is what was written, in this program and in others."""
    if isinstance(value, Decimal) and value.is_finite():
        raise ValueError(f"attribute '{name}' has more digits than a number keeps; send it as text")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"attribute '{name}' must be a finite number")
    if isinstance(value, int | float) and not LEAST_NUMBER <= value <= MOST_NUMBER:
        raise ValueError(f"attribute '{name}' must be between -2^63 and 2^64; send a longer number as text")


class AttributeDefinition(Strict):
    """What one attribute is and what it is used for."""

    type: Literal["term", "text", "number", "integer", "date", "boolean"] = "term"
    facet: bool = False
    identifier: bool = False
    searched: Literal["default", "no", "low", "normal", "high"] = Field(
        default="default",
        description="How much the words of its values count in searches, as in the title (high), twice as in the "
        "body (normal) or half (low). By default terms and texts are normal; numbers, dates, yes/no and "
        "identifiers are not searched.",
    )
    label: Annotated[Text, Field(max_length=100)] = ""
    # What each value means: suggestions go by it before there are examples.
    values: dict[ValueName, Annotated[Text, Field(max_length=1_000)]] = Field(default_factory=dict, max_length=500)
    list: bool = Field(default=False, description="Whether an item may have several values.")
    separator: Literal["", ";", "|", ",", "/"] = Field(
        default=";", description="Where a text with several values is split; empty for nowhere."
    )
    decimal: Literal[".", ","] = Field(default=".", description="What 1,234 and 1.234 mean in a text.")
    date_order: Literal["", "dmy", "mdy"] = Field(default="", description="What 03/04/2026 means in a text.")


class AttributeSchema(Strict):
    attributes: dict[AttributeName, AttributeDefinition] = Field(default_factory=dict, max_length=MAX_ATTRIBUTES)


class DuplicatePolicy(Strict):
    """Which pairs of a collection may be duplicates, and from which score on."""

    enabled: bool = True
    across: AttributeName | None = None
    same: list[AttributeName] = Field(default_factory=list, max_length=10)
    flag_threshold: Annotated[float, Field(ge=0, le=1)] | None = None
    suggest_threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class SearchSettings(Strict):
    """How a collection is searched.

    `fusion`: `scores` adds the standardised scores of both legs, `rrf` their reciprocal ranks.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "not": {
                "required": ["lexical_weight", "semantic_weight"],
                "properties": {"lexical_weight": {"const": 0}, "semantic_weight": {"const": 0}},
            }
        }
    )

    fusion: Literal["scores", "rrf"] = "scores"
    lexical_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    semantic_weight: Annotated[float, Field(ge=0, le=10)] = 1.0
    rrf_k: Annotated[int, Field(ge=1, le=1_000)] = 60
    rerank: bool = False
    collapse_duplicates: bool = True
    learn_interest: bool = Field(
        default=False, description="Whether what people look at, like and hide is kept, to show each what suits them."
    )
    interest_days: Annotated[int, Field(ge=1, le=3_650, description="Days that such events are kept.")] = 180

    count_searches: bool = Field(
        default=True,
        description="Whether what is searched on the pages is counted; nothing of who searches is kept.",
    )
    searches_days: Annotated[int, Field(ge=1, le=3_650, description="Days that such counts are kept.")] = 90

    @model_validator(mode="after")
    def _some_leg_counts(self) -> SearchSettings:
        if self.lexical_weight == 0 and self.semantic_weight == 0:
            raise ValueError("lexical_weight and semantic_weight cannot both be 0")
        return self


def parse_item(data: Any) -> ItemInput:
    """Returns the checked item. Raises InvalidInput that names each wrong field."""
    return _parse(ItemInput, data)


def parse_attribute_schema(data: Any) -> dict[str, AttributeDefinition]:
    """Returns the definitions by attribute name. Raises InvalidInput."""
    return _parse(AttributeSchema, {"attributes": data}, strict=False).attributes


def parse_duplicate_policy(data: Any) -> DuplicatePolicy:
    """Returns the checked policy. Raises InvalidInput."""
    return _parse(DuplicatePolicy, data, strict=False)


def parse_search_settings(data: Any) -> SearchSettings:
    """Returns the checked settings. Raises InvalidInput."""
    return _parse(SearchSettings, data, strict=False)


def _parse(model: type[Model], data: Any, *, strict: bool | None = None) -> Model:
    """Settings of collections are read leniently: what was stored before bodies were strict is still read."""
    try:
        return model.model_validate(data, strict=strict)
    except ValidationError as error:
        problems = [
            {"field": ".".join(str(part) for part in e["loc"]) or "item", "reason": _reason(e["msg"])}
            for e in error.errors(include_url=False, include_input=False)
        ]
        message = "; ".join(f"{p['field']}: {p['reason']}" for p in problems)
        raise InvalidInput(message, problems) from error


def _reason(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Extra inputs are not permitted", "unknown key")
