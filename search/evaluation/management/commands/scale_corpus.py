"""`manage.py scale_corpus FILE --collection SLUG --items N`: a larger collection out of one, to measure growth on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.errors import CatalogError
from catalog.services.collections import get_collection
from search.evaluation.scaling.corpus import scale


class Command(BaseCommand):
    help = "Writes a collection of N items mixed out of another's, with vectors, as a file for import_collection."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="Replaced when it is there.")
        parser.add_argument("--collection", required=True, metavar="SLUG", help="Whose items are mixed.")
        parser.add_argument("--items", type=int, required=True, metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        path, count = options["file"], options["items"]
        if count < 1:
            raise CommandError("--items is at least 1.")
        try:
            collection = get_collection(slug=options["collection"])
            with tqdm(unit="item", total=count, disable=None) as bar:
                slug = f"{collection.slug[:40]}-{count}"
                scaled = scale(collection, count, path, slug=slug, on_progress=lambda done: _show(bar, done))
        except CatalogError as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror or error}.") from error
        self.stdout.write(
            f"{path}: {path.stat().st_size:,} bytes: {scaled.items:,} items, {scaled.vectors:,} vectors; "
            f"their cosine with the encoder's own is {scaled.cosine} in the median."
        )


def _show(bar: Any, done: int) -> None:
    bar.update(done - bar.n)
