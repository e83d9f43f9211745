"""Tries again what could not be embedded."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.services.collections import get_collection
from search.embedding.queue.retry import retry, unsuccessful


class Command(BaseCommand):
    help = "Makes failed embeddings, and those that wait for their next attempt, due now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collection", metavar="SLUG", help="Only of this collection.")

    def handle(self, *args: Any, **options: Any) -> None:
        slug = options["collection"]
        try:
            rows = unsuccessful(collection=get_collection(slug=slug) if slug else None)
        except CatalogError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{retry(rows):,} embeddings are tried again now.")
