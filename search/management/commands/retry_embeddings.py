"""Tries again what could not be embedded."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.services.collections import get_collection
from search.embedding.retry import retry
from search.models import ItemEmbedding
from search.models.embedding import LIVE_STATES, EmbeddingState


class Command(BaseCommand):
    help = "Makes failed embeddings, and those that wait for their next attempt, due now."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collection", metavar="SLUG", help="Only of this collection.")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = ItemEmbedding.objects.filter(space__state__in=LIVE_STATES)
        rows = rows.filter(state=EmbeddingState.FAILED) | rows.filter(state=EmbeddingState.PENDING, attempts__gt=0)
        if options["collection"]:
            try:
                rows = rows.filter(collection=get_collection(slug=options["collection"]))
            except CatalogError as error:
                raise CommandError(error.message) from error
        self.stdout.write(f"{retry(rows):,} embeddings are tried again now.")
