"""One change of many items: a status, or an attribute set or cleared. Pure but for the schema it reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from catalog.attributes.reading import read_value
from catalog.errors import InvalidInput
from catalog.models.item import Status
from catalog.schemas import AttributeDefinition

Kind = Literal["publish", "unpublish", "archive", "set_attribute", "clear_attribute"]
STATUSES: Final[Mapping[str, Status]] = {
    "publish": Status.PUBLISHED,
    "unpublish": Status.DRAFT,
    "archive": Status.ARCHIVED,
}


@dataclass(frozen=True, slots=True)
class Change:
    """`name` and `text` are of the attribute; the text is read by each collection's schema."""

    kind: Kind
    name: str = ""
    text: str = ""

    def applied_to(self, content: Mapping[str, Any], schema: Mapping[str, AttributeDefinition]) -> dict[str, Any]:
        """The item's content after the change. Raises InvalidInput when the schema refuses the value."""
        if self.kind in STATUSES:
            return {**content, "status": STATUSES[self.kind].value}
        attributes = {name: value for name, value in content["attributes"].items() if name != self.name}
        if self.kind == "set_attribute":
            value = self.value(schema)
            if value is not None:
                attributes[self.name] = value
        return {**content, "attributes": attributes}

    def value(self, schema: Mapping[str, AttributeDefinition]) -> Any:
        """The value as it is stored. Raises InvalidInput."""
        definition = schema.get(self.name)
        try:
            return read_value(definition, self.text) if definition else self.text
        except ValueError as error:
            raise InvalidInput(f"{self.name}: {error}", [{"field": self.name, "reason": str(error)}]) from error
