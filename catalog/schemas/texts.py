"""The kinds of text that come in: their bounds, what of them is refused, and how OpenAPI tells that."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from catalog.json_text import LEAST_NUMBER, MOST_NUMBER
from catalog.models.item import (
    MAX_BODY_LENGTH,
    MAX_EXTERNAL_ID_LENGTH,
    MAX_TITLE_LENGTH,
    MAX_URL_LENGTH,
)

MAX_ATTRIBUTES = 100
SCRIPT_SCHEMES = ("javascript:", "vbscript:", "data:", "blob:", "file:")
MAX_ATTRIBUTE_BYTES = 64_000  # of all attributes of one item, as JSON


def _refuse_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain the NUL character")
    return text


def _refuse_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


def _attribute_name(name: str) -> str:
    if name[:1].isspace() or name[:1] == "\ufeff" or "." in _refuse_nul(name):
        raise ValueError("must not begin with a blank or contain a point")
    return name


class _WithoutNul:
    """Says of a text, where programs read what is taken, that NUL is not."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"pattern": r"^[^\x00]*$", **handler(core)}


def _http_url(url: str) -> str:
    """A picture is fetched by the page, so its address is of the web or of this server."""
    if url and not url.startswith(("http://", "https://", "/")):
        raise ValueError("must start with http://, https:// or /")
    return url


def _safe_url(url: str) -> str:
    """An address of any kind, but none that runs as a script when it is followed. Pages link http, https and ftp."""
    if any(ord(character) < 33 for character in url.strip(" ")):
        raise ValueError("must not contain blanks or control characters")
    if url.strip(" ").lower().startswith(SCRIPT_SCHEMES):
        raise ValueError("must not be a script or embedded data")
    return url.strip(" ")


def _in_any_case(word: str) -> str:
    return "".join(f"[{letter}{letter.upper()}]" if letter.isalpha() else letter for letter in word)


DESCRIBED_URL = rf"^(?! *({'|'.join(map(_in_any_case, SCRIPT_SCHEMES))})) *[^\x00-\x20]* *$"

# Python and JavaScript differ in what is blank; what either takes for it is left out.
HAS_LETTER = r"^[^\x00]*[^\x00\s\x1c-\x1f\x85][^\x00]*$"

Text = Annotated[str, AfterValidator(_refuse_nul), _WithoutNul()]
Title = Annotated[Text, Field(max_length=MAX_TITLE_LENGTH)]
BodyText = Annotated[Text, Field(max_length=MAX_BODY_LENGTH)]
NotBlank = Annotated[
    str,
    AfterValidator(_refuse_nul),
    AfterValidator(_refuse_blank),
    Field(min_length=1, json_schema_extra={"pattern": HAS_LETTER}),
]
ExternalId = Annotated[NotBlank, Field(max_length=MAX_EXTERNAL_ID_LENGTH)]
AttributeName = Annotated[
    str,
    Field(min_length=1, max_length=64, json_schema_extra={"pattern": r"^[^\s\x1c-\x1f\x85\ufeff.\x00][^.\x00]*$"}),
    AfterValidator(_attribute_name),
]
ONLY_NAMED = {"additionalProperties": False}  # the description of a mapping whose keys have a pattern
ValueName = Annotated[Text, Field(min_length=1, max_length=200)]
Url = Annotated[
    Text,
    Field(max_length=MAX_URL_LENGTH, json_schema_extra={"pattern": DESCRIBED_URL}),
    AfterValidator(_safe_url),
]
ImageUrl = Annotated[
    Text,
    Field(max_length=MAX_URL_LENGTH, json_schema_extra={"pattern": r"^((https?://|/)[^\x00]*)?$"}),
    AfterValidator(_http_url),
]

_SINGLE: dict[str, Any] = {
    "anyOf": [
        {"type": "string", "pattern": r"^[^\x00]*$"},
        {"type": "number", "minimum": LEAST_NUMBER, "maximum": MOST_NUMBER},
        {"type": "boolean"},
        {"type": "null"},
    ]
}
AttributeValue = Annotated[
    Any, WithJsonSchema({"anyOf": [*_SINGLE["anyOf"], {"type": "array", "items": _SINGLE}]})
]  # checked with the attribute's name in the message
Attributes = Annotated[
    dict[AttributeName, AttributeValue],
    Field(
        max_length=MAX_ATTRIBUTES,
        description=f"As JSON at most {MAX_ATTRIBUTE_BYTES:,} bytes.",
        json_schema_extra={**ONLY_NAMED},
    ),
]
