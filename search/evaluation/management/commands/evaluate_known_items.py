"""`manage.py evaluate_known_items --collection SLUG`: does a query cut from an item lead back to it?"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.services.collections import get_collection
from search.evaluation.quality.known_item_quality import evaluate_known_items
from search.retrieval.types import MODES


class Command(BaseCommand):
    help = "Cuts queries of six kinds from a collection's items and measures how each mode finds the item again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--collection", metavar="SLUG", required=True)
        parser.add_argument("--items", type=int, default=300, metavar="N", help="Items to cut from (default 300).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["items"] < 1:
            raise CommandError("--items is at least 1.")
        try:
            collection = get_collection(slug=options["collection"])
        except CatalogError as error:
            raise CommandError(error.message) from error
        kinds = {one.kind: one.report() for one in evaluate_known_items(collection, options["items"])}
        if not kinds:
            raise CommandError(f"{collection.slug} has no visible items.")
        if options["json"]:
            self.stdout.write(json.dumps({"collection": collection.slug, "kinds": kinds}))
        else:
            self._show(kinds)

    def _show(self, kinds: dict[str, dict[str, Any]]) -> None:
        header = "".join(f"{mode:>19}" for mode in MODES)
        self.stdout.write(f"{'MRR@10 and recall@10':<22}{'queries':>8}{header}   p against semantic, lexical")
        for kind, row in kinds.items():
            figures = "".join(f"{row['mrr_at_10'][mode]:>10.3f}{row['recall_at_10'][mode]:>9.3f}" for mode in MODES)
            p_values = ", ".join(f"{value:.3f}" for value in row["p_value"].values())
            self.stdout.write(f"{kind:<22}{row['queries']:>8}{figures}   {p_values}")
