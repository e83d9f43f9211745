"""`manage.py generate_interest_log ITEMS --attribute A`: a log of people with stated tastes, to try the judge with."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from catalog.errors import CatalogError
from catalog.importing.lines import open_lines
from search.evaluation.interest.generating import generate_log
from search.insight.reading.vectors import terms_of


class Command(BaseCommand):
    help = (
        "Writes user, item and time of people who each like some values of an attribute; the same for the same seed."
        " What is measured on it proves that the parts work together, not that real people are understood."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("items", type=Path, metavar="ITEMS", help="items.jsonl")
        parser.add_argument("--attribute", required=True)
        parser.add_argument("--people", type=int, default=400)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--out", type=Path, help="Where to write it; by default it is printed.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["people"] < 1:
            raise CommandError("--people must be 1 or more.")
        try:
            with open_lines(options["items"].resolve()) as lines:
                entries = [line.item for line in lines if line.item is not None]
        except CatalogError as error:
            raise CommandError(error.message) from error
        values = {entry.external_id: terms_of(entry.attributes.get(options["attribute"]))[:1] for entry in entries}
        named = {external_id: value[0] for external_id, value in values.items() if value}
        if len(set(named.values())) < 2:
            raise CommandError(f"The attribute '{options['attribute']}' has not two different texts.")
        rows = generate_log(named, people=options["people"], seed=options["seed"])
        if options["out"] is None:
            _write(sys.stdout, rows)
            return
        with options["out"].open("w", newline="") as out:
            _write(out, rows)
        self.stderr.write(f"{len(rows)} events of {options['people']} people: {options['out']}")


def _write(out: Any, rows: list[tuple[str, str, str]]) -> None:
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("user", "item", "time"))
    writer.writerows(rows)
