"""The form of one item. What it accepts is decided by `catalog.schemas`, as for every other writer."""

from __future__ import annotations

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from catalog.admin.attributes_field import AttributesField
from catalog.admin.site import ModelForm, row_number
from catalog.errors import InvalidInput
from catalog.models import Collection, Item
from catalog.schemas import ItemInput, parse_item
from catalog.services.items import CONTENT_FIELDS
from catalog.services.rereading import schema_of


class ItemForm(ModelForm[Item]):
    """Leaves the checked input in `entry`. Text is taken as typed, so that looking at an item never changes it."""

    entry: ItemInput

    title = forms.CharField(required=False, strip=False, widget=UnfoldAdminTextInputWidget())
    body = forms.CharField(required=False, strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 10}))
    url = forms.CharField(required=False, label="URL", widget=UnfoldAdminTextInputWidget())
    image = forms.CharField(required=False, widget=UnfoldAdminTextInputWidget(), help_text="Address of a picture.")
    attributes = AttributesField()

    class Meta:
        model = Item
        fields = ["collection", "external_id", *CONTENT_FIELDS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, collection = self.fields.get("attributes"), self._collection()
        if isinstance(field, AttributesField) and collection is not None:
            field.use(schema_of(collection), self.instance.attributes or {})

    def _collection(self) -> Collection | None:
        """Of the item; of a new one, as it was sent, else as the page was asked for."""
        if self.instance.pk:
            return self.instance.collection
        chosen: Any = self.fields.get("collection")
        asked = self.data.get("collection") or self.initial.get("collection") or ""
        pk = row_number(str(asked))
        return chosen.queryset.filter(pk=pk).first() if chosen is not None and pk is not None else None

    def clean_body(self) -> str:
        """Browsers send line ends as CR LF; stored text has LF, and must not change by being looked at."""
        return str(self.cleaned_data["body"]).replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        content = {name: data[name] for name in CONTENT_FIELDS if name in data}
        external_id = data.get("external_id", self.instance.external_id)
        if self.errors:
            return data
        try:
            self.entry = parse_item({"external_id": external_id, **content})
        except InvalidInput as error:
            self._report(error)
        return data

    def _report(self, error: InvalidInput) -> None:
        for problem in error.details:
            name, _, rest = problem["field"].partition(".")
            reason = f"{rest}: {problem['reason']}" if rest else problem["reason"]
            self.add_error(name if name in self.fields else None, reason)

    def _get_validation_exclusions(self) -> set[str]:
        """The model's own checks see only what identifies the item; `parse_item` has seen the content."""
        return {*super()._get_validation_exclusions(), *CONTENT_FIELDS}  # type: ignore[misc]
