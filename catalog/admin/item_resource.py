"""Items as rows of a file, for the admin's export."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget, Widget

from catalog.models import Collection, Item

if TYPE_CHECKING:

    class ModelResource: ...
else:
    from import_export.resources import ModelResource

COLUMNS = ("collection", "external_id", "title", "body", "url", "image", "status", "attributes")


class AttributesWidget(Widget):  # type: ignore[misc]
    """Attributes in one column, as JSON."""

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return json.dumps(value, ensure_ascii=False) if value else ""


class ItemResource(ModelResource):
    """The columns by which an import knows an item again."""

    collection = Field("collection", "collection", ForeignKeyWidget(Collection, "slug"))
    attributes = Field("attributes", "attributes", AttributesWidget())

    class Meta:
        model = Item
        fields = export_order = COLUMNS
