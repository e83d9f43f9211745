"""Makes a collection from the file that `export_collection` wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.errors import CatalogError
from search.management.outcome import address_of
from search.retrieval.upkeep import indexes
from search.transfer.importing import Imported, import_collection


class Command(BaseCommand):
    help = "Makes a collection from an exported file, all of it or nothing. Nothing is embedded anew."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--collection", default="", metavar="SLUG", help="Another name than the file says.")
        parser.add_argument(
            "--embed-anew", action="store_true", help="Take the items though their vectors are of another model."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with tqdm(unit="item", disable=None) as bar:
                imported = import_collection(
                    options["file"],
                    slug=options["collection"],
                    embeds_anew=options["embed_anew"],
                    on_progress=lambda done: _show(bar, done),
                )
        except CatalogError as error:
            raise CommandError(error.message) from error
        indexes.build_missing()
        self._tell(imported)

    def _tell(self, imported: Imported) -> None:
        listed = ", ".join(f"{count:,} × {part}" for part, count in imported.counts.items())
        self.stdout.write(f"{imported.collection.slug}: {listed or 'no rows'}.")
        for part, count in imported.left_behind.items():
            self.stdout.write(f"Left out, because they refer to what is not here: {count:,} × {part}.")
        if imported.waiting:
            self.stdout.write(f"{imported.waiting:,} items have no vector of this model yet; workers embed them.")
        self.stdout.write(f"Search it at {address_of(imported.collection)}")


def _show(bar: Any, done: int) -> None:
    bar.update(done - bar.n)
