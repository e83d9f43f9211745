"""What an import tells a person at its end: which schema was found, where to change it and where to search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from catalog.attributes.summary import summary_of
from catalog.models import Collection
from catalog.services.learning import Learned


def site_address() -> str:
    """Where the running Akin of this data folder says it is, else where it would be."""
    told = Path(settings.AKIN_DATA_DIR) / "address"
    return told.read_text().strip() if told.is_file() else f"http://{settings.HOST}:{settings.PORT}"


def address_of(collection: Collection) -> str:
    return site_address() + reverse("search:page", args=[collection.slug])


def learned_lines(collection: Collection, learned: Learned | None) -> Iterator[str]:
    """Nothing where nothing is new."""
    if learned is None:
        return
    change = f"{site_address()}{reverse('admin:catalog_collection_change', args=[collection.pk])}"
    if learned.changed:
        yield f"We took these attributes; change them at {change}"
        for name, definition in learned.changed.items():
            yield f"  {name}: {summary_of(definition)}"
    elif not learned.schema:
        yield f"There are too few rows to tell types and facets from; say what the attributes are at {change}"
    for name, note in learned.notes.items():
        yield f"  {name}: {note}"
    if learned.proposed:
        names = ", ".join(f"{name} ({summary_of(definition)})" for name, definition in learned.proposed.items())
        yield f"Not in the schema, which a person edited: {names}; add them at {change}"
