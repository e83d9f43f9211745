"""The request bodies of the catalog's endpoints, and the answer to bulk writing."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from django.http import HttpRequest
from pydantic import BaseModel, Field

from catalog.errors import CatalogError, InvalidInput, TooLarge
from catalog.http import Problem, body_of
from catalog.json_text import read_json
from catalog.models.collection import SLUG_PATTERN, Language
from catalog.schemas import (
    HAS_TEXT,
    MAX_ATTRIBUTES,
    ONLY_NAMED,
    AttributeDefinition,
    AttributeName,
    Attributes,
    BodyText,
    DuplicatePolicy,
    ExternalId,
    ImageUrl,
    NotBlank,
    SearchSettings,
    Strict,
    Text,
    Title,
    Url,
)
from catalog.services.bulk import BulkResult

MAX_BULK_ITEMS = 1_000
MAX_BULK_BYTES = 32 * 1024 * 1024
DESCRIBED_SLUG = SLUG_PATTERN.replace(r"\Z", "$")  # in the words of JavaScript, which JSON Schema speaks
NDJSON_TYPES = ("application/x-ndjson", "application/ndjson", "application/jsonl")


class CollectionPatch(Strict):
    """Only the fields that are named are changed."""

    name: Annotated[NotBlank, Field(max_length=200)] = Field(default_factory=str)
    description: Text = Field(default="", max_length=5_000)
    language: Text = Field(default="english", max_length=20, json_schema_extra={"enum": list(Language.values)})
    visibility: Literal["public", "private"] = "public"
    attribute_schema: dict[AttributeName, AttributeDefinition] = Field(
        default_factory=dict, max_length=MAX_ATTRIBUTES, json_schema_extra={**ONLY_NAMED}
    )
    duplicate_policy: DuplicatePolicy = DuplicatePolicy()
    search_settings: SearchSettings = SearchSettings()


class CollectionCreate(CollectionPatch):
    slug: Text = Field(max_length=64, examples=["garden-tools"], json_schema_extra={"pattern": DESCRIBED_SLUG})


class ItemPatch(Strict):
    """Only the fields that are named are changed; `attributes` are replaced as a whole."""

    external_id: ExternalId | None = Field(default=None, description="May repeat the path's; it cannot be changed.")
    title: Title = ""
    body: BodyText = ""
    url: Url = ""
    image: ImageUrl = ""
    attributes: Attributes = Field(default_factory=dict)
    status: Literal["draft", "published", "archived"] = "published"

    def named(self, external_id: str) -> dict[str, Any]:
        """The fields that were sent. Raises InvalidInput when the body names another item than the path."""
        fields = self.model_dump(exclude_unset=True)
        if fields.pop("external_id", None) not in (None, external_id):
            reason = f"the path says '{external_id}'"
            raise InvalidInput(f"external_id: {reason}", [{"field": "external_id", "reason": reason}])
        return fields


class ItemReplace(ItemPatch):
    """What is not named gets its default; one of title and body is needed."""

    model_config = HAS_TEXT


class BulkOutcome(BaseModel):
    external_id: str | None
    outcome: Literal["created", "updated", "unchanged", "error"]
    error: Problem | None = None


class BulkOut(BaseModel):
    """One result for each item, in the order of the input, and their counts."""

    results: list[BulkOutcome]
    created: int
    updated: int
    unchanged: int
    failed: int


def bulk_out(results: list[BulkResult]) -> BulkOut:
    outcomes = [result.outcome for result in results]
    return BulkOut(
        results=[BulkOutcome(external_id=r.external_id, outcome=r.outcome, error=_problem(r.error)) for r in results],
        created=outcomes.count("created"),
        updated=outcomes.count("updated"),
        unchanged=outcomes.count("unchanged"),
        failed=outcomes.count("error"),
    )


def _problem(error: CatalogError | None) -> Problem | None:
    return None if error is None else Problem(code=error.code, message=error.message, details=error.details)


def bulk_entries(request: HttpRequest) -> list[Any]:
    """The parsed entries of the body; a line that is not JSON is an InvalidInput. Raises for the body as a whole."""
    body = body_of(request, limit=MAX_BULK_BYTES)
    entries = _lines(body) if request.content_type in NDJSON_TYPES else _array(body)
    if len(entries) > MAX_BULK_ITEMS:
        raise TooLarge(f"There are {len(entries):,} items, at most {MAX_BULK_ITEMS:,} are taken at once.")
    return entries


def _array(body: bytes) -> list[Any]:
    try:
        entries = read_json(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"The body is not JSON: {error}.") from error
    if not isinstance(entries, list):
        raise InvalidInput("The body must be a JSON array of items, or NDJSON with its own Content-Type.")
    return entries


def _lines(body: bytes) -> list[Any]:
    lines = [line for line in body.split(b"\n", MAX_BULK_ITEMS * 2) if line.strip()]
    return [_line(line) for line in lines]


def _line(line: bytes) -> Any:
    try:
        return read_json(line)
    except orjson.JSONDecodeError as error:
        return InvalidInput(f"The line is not JSON: {error}.")


def bulk_body() -> dict[str, Any]:
    """How OpenAPI describes the body of bulk writing, which is read by hand."""
    item = {"$ref": "#/components/schemas/ItemInput"}
    return {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "array", "items": item, "maxItems": MAX_BULK_ITEMS}},
            "application/x-ndjson": {"schema": {"type": "string", "description": "One item as JSON on each line."}},
        },
    }
