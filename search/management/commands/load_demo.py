"""Loads the demo catalog: an outdoor and household shop, with duplicates planted in it."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from catalog import demo
from catalog.models import Collection
from catalog.services.collections import create_collection, update_collection


class Command(BaseCommand):
    help = "Loads the demo catalog into the collection 'demo'; loading it again restores its items."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--wait", action="store_true", help="Return when all items are embedded.")

    def handle(self, *args: Any, **options: Any) -> None:
        fields: dict[str, Any] = {
            "name": demo.NAME,
            "description": demo.DESCRIPTION,
            "attribute_schema": demo.ATTRIBUTE_SCHEMA,
        }
        collection = Collection.objects.filter(slug=demo.SLUG).first()
        if collection is None:
            create_collection(slug=demo.SLUG, **fields)
        else:
            update_collection(collection=collection, **fields)
        call_command("import_items", str(demo.FOLDER / "items.jsonl"), collection=demo.SLUG, wait=options["wait"])
