"""Writes a whole collection into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.models import Collection
from search.transfer.exporting import export_collection


class Command(BaseCommand):
    help = "Writes a collection into one file: items, vectors, decisions, settings, judged sets and topics."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="Replaced when it is there.")
        parser.add_argument("--collection", required=True, metavar="SLUG")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        collection = Collection.objects.filter(slug=options["collection"]).first()
        if collection is None:
            raise CommandError(f"There is no collection '{options['collection']}'.")
        if not path.parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}.")
        try:
            with tqdm(unit="item", total=collection.items.count(), disable=None) as bar:
                counts = export_collection(collection, path, lambda done: _show(bar, done))
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error
        listed = ", ".join(f"{count:,} × {part}" for part, count in counts.items())
        self.stdout.write(f"{path}: {path.stat().st_size:,} bytes: {listed or 'no rows'}.")


def _show(bar: Any, done: int) -> None:
    bar.update(done - bar.n)
