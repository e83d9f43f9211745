"""Which errors an operation may answer with, for the API's description."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

ALWAYS = (400, 401, 414, 422, 429, 503)
CONTENT = {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorBody"}}}
WRITING_POSTS = frozenset(
    {"create_collection", "create_item", "write_items", "retry_embeddings", "decide_duplicate", "record_events"}
)
READING_OF_PEOPLE = frozenset({"export_events", "list_for_you"})  # asks for a scope, and for learning to be on


def describe_errors(path: str, method: str, operation: dict[str, Any]) -> None:
    """Adds each error by its status."""
    for status in sorted(_statuses(path, method, operation)):
        operation["responses"][status] = {"description": HTTPStatus(status).phrase, "content": CONTENT}


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    found = set(ALWAYS)
    name = operation["operationId"]
    if method in {"put", "patch", "delete"} or name in WRITING_POSTS | READING_OF_PEOPLE:
        found |= {403, 409}
    if "{slug}" in path:
        found.add(404)
    if "requestBody" in operation or name == "search_items":  # a query may be too long in an address, too
        found.add(413)
    return found
