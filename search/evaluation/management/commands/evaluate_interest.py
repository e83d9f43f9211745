"""`manage.py evaluate_interest LOG`: is what people take to later foreseen better than by popularity and item-kNN?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from search.evaluation.interest.interest_quality import GROUPS, evaluate_interest, report
from search.evaluation.interest.logs import MOST_PROBLEMS, EventLog, load_log
from search.evaluation.interest.texts import vectors_of


class Command(BaseCommand):
    help = "Foresees the latest fifth of a log of user, item and time (CSV or JSON lines); all items are ranked."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("log", type=Path, metavar="LOG")
        parser.add_argument("--collection", metavar="SLUG", help="Where the items' texts are, by their external ids.")
        parser.add_argument("--items", type=Path, metavar="FILE", help="Where they are instead, as for an import.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object and nothing else.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = load_log(options["log"].resolve())
            texts = vectors_of(found.items, slug=options["collection"], file=_items_file(options))
        except CatalogError as error:
            raise CommandError(error.message) from error
        self._name_problems(found)
        figures = evaluate_interest(found, texts.vectors)
        counts = {"events": len(found.log), "items": len(found.items), "repeated": found.repeated}
        counts |= {"unreadable": len(found.problems), "items_with_text": texts.known}
        shown = {"dataset": options["log"].stem, "texts": texts.source, **counts, **report(figures)}
        if options["json"]:
            self.stdout.write(json.dumps({**shown, "blend": figures.blend.stored()}))
        else:
            self._show(shown)

    def _name_problems(self, found: EventLog) -> None:
        for problem in found.problems[:MOST_PROBLEMS]:
            self.stderr.write(f"line {problem.line} left out: {problem.reason}")
        if len(found.problems) > MOST_PROBLEMS:
            self.stderr.write(f"and {len(found.problems) - MOST_PROBLEMS} more")

    def _show(self, shown: dict[str, Any]) -> None:
        self.stdout.write(
            f"{shown['dataset']}: {shown['events']} events with {shown['items']} items, of which"
            f" {shown['items_with_text']} have a text ({shown['texts'] or 'none was given'})"
        )
        self.stdout.write(f"{'nDCG@10 of people with':<24}{'people':>8}{'Akin':>9}{'popular':>9}{'item-kNN':>9}")
        for group in GROUPS:
            row = shown["by_events"][group]
            values = [row[name] for name in ("ndcg_at_10", "popularity", "item_knn")]
            texts = ["–" if value is None else f"{value:.4f}" for value in values]
            self.stdout.write(
                f"{group.replace('_', ' ') + ' events':<24}{row['people']:>8}" + "".join(f"{text:>9}" for text in texts)
            )


def _items_file(options: dict[str, Any]) -> Path | None:
    """What is named, else an items.jsonl beside the log, unless a collection is named."""
    if options["items"] is not None:
        named: Path = options["items"]
        return named.resolve()
    beside: Path = options["log"].resolve().parent / "items.jsonl"
    return beside if beside.is_file() and options["collection"] is None else None
