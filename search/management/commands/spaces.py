"""The embedding spaces on the command line: replacing the model without an outage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from catalog.errors import CatalogError
from search.embedding.spaces import backfills, lifecycle
from search.embedding.waiting import Progress, wait_until_built
from search.evaluation.datasets import load_search_dataset
from search.evaluation.judging import described, judged_sets
from search.evaluation.spaces import Compared, compare
from search.models import EmbeddingSpace, ItemEmbedding
from search.models.embedding import EmbeddingState, EncoderKind, SpaceState, Storage
from search.retrieval.upkeep import indexes, null_distributions
from search.retrieval.upkeep.readiness import promote_built_spaces


class Command(BaseCommand):
    help = "Lists embedding spaces, and adds, builds, compares, activates, rolls back and retires them."

    def add_arguments(self, parser: CommandParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        verbs.add_parser("list", help="All spaces with their state and coverage.")
        add = verbs.add_parser("add", help="Registers a model, after trying it out.")
        add.add_argument("name", help="A short name for the space.")
        add.add_argument("model", help="Name or path of a sentence-transformers model, or the endpoint's model.")
        add.add_argument(
            "--kind", choices=[k for k in EncoderKind.values if k != "fake"], default="sentence-transformers"
        )
        add.add_argument("--revision", default="", help="Commit, tag or branch of the model.")
        add.add_argument("--dimensions", type=int, help="Cut vectors to so many (Matryoshka); required for http.")
        add.add_argument("--storage", choices=Storage.values, default="half", help="How vectors are kept and indexed.")
        add.add_argument("--query-prefix", default="", help="Put before queries, like 'query: '.")
        add.add_argument("--document-prefix", default="", help="Put before texts, like 'passage: '.")
        add.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="url, api_key_env, …")
        for verb, text in VERBS.items():
            sub = verbs.add_parser(verb, help=text)
            sub.add_argument("name")
            if verb == "build":
                sub.add_argument("--wait", action="store_true", help="Return when it is ready; embed without workers.")
            if verb == "compare":
                sub.add_argument("--dataset", type=Path, metavar="DIR", help="Another set, in a scratch collection.")
            if verb in {"activate", "retire"}:
                sub.add_argument("--force", action="store_true", help=FORCE[verb])
        verbs.add_parser("rollback", help="Activates the space that was active before.")

    def handle(self, *args: Any, **options: Any) -> None:
        verbs: dict[str, Callable[[dict[str, Any]], None]] = {
            "list": self._list,
            "add": self._add,
            "build": self._build,
            "compare": self._compare,
            "activate": self._activate,
            "rollback": self._roll_back,
            "retire": self._retire,
        }
        try:
            verbs[options["verb"]](options)
        except CatalogError as error:
            raise CommandError(error.message) from error

    def _list(self, options: dict[str, Any]) -> None:
        lifecycle.active_space()
        self.stdout.write(f"{'space':<24}{'state':<10}{'dimensions':>10}{'embedded':>12}{'failed':>8}  model")
        for space in EmbeddingSpace.objects.all():
            rows = ItemEmbedding.objects.filter(space=space)
            embedded, failed = (
                rows.filter(state=one).count() for one in (EmbeddingState.EMBEDDED, EmbeddingState.FAILED)
            )
            share = f"{embedded:,}/{rows.count():,}"
            self.stdout.write(
                f"{space.name:<24}{space.state:<10}{space.dimensions:>10}{share:>12}{failed:>8}  {space.model}"
            )

    def _add(self, options: dict[str, Any]) -> None:
        space = lifecycle.add_space(
            name=options["name"],
            model=options["model"],
            kind=EncoderKind(options["kind"]),
            dimensions=options["dimensions"],
            storage=Storage(options["storage"]),
            revision=options["revision"],
            query_prefix=options["query_prefix"],
            document_prefix=options["document_prefix"],
            options=dict(_option(one) for one in options["option"]),
        )
        self.stdout.write(f"{space.name} is added with {space.dimensions} dimensions; next: spaces build {space.name}")

    def _build(self, options: dict[str, Any]) -> None:
        space = lifecycle.get_space(options["name"])
        run = lifecycle.build_space(space)
        if not options["wait"]:
            self.stdout.write(f"Workers embed {run.total:,} items in {space.name} now: run {run.pk}")
            return
        with tqdm(unit="item", desc=space.name) as bar:
            progress = wait_until_built(space, on_progress=lambda p: _show(bar, p))
        indexes.build_missing()
        promote_built_spaces()
        backfills.refresh(run)
        state = lifecycle.get_space(space.name).get_state_display().lower()
        self.stdout.write(f"{space.name} is {state}: {progress.embedded:,} items embedded, {progress.failed:,} failed")

    def _compare(self, options: dict[str, Any]) -> None:
        space, active = lifecycle.get_space(options["name"]), lifecycle.active_space()
        dataset = load_search_dataset(options["dataset"]) if options["dataset"] else None
        if dataset is None:
            self.stdout.write(f"Judged by {described(judged_sets())}.")
        with tqdm(desc="comparing") as bar:
            found = compare(space=space, active=active, dataset=dataset, on_progress=lambda *done: _advance(bar, *done))
        for compared in found:
            self._show(compared)

    def _show(self, compared: Compared) -> None:
        self.stdout.write(f"{compared.title}: {compared.queries:,} queries")
        self.stdout.write(
            f"{'space':<24}{'mode':<10}{'nDCG@10':>9}{'recall@100':>12}{'MRR@10':>8}{'p50 ms':>8}{'p95 ms':>8}"
        )
        for name, modes in compared.figures.items():
            for mode, one in modes.items():
                self.stdout.write(
                    f"{name:<24}{mode:<10}{one.ndcg_at_10:>9.4f}{one.recall_at_100:>12.4f}{one.mrr_at_10:>8.4f}"
                    f"{one.p50_ms:>8.1f}{one.p95_ms:>8.1f}"
                )

    def _activate(self, options: dict[str, Any]) -> None:
        promote_built_spaces()
        self._answers(lifecycle.activate_space(lifecycle.get_space(options["name"]), is_forced=options["force"]))

    def _roll_back(self, options: dict[str, Any]) -> None:
        self._answers(lifecycle.roll_back())

    def _answers(self, space: EmbeddingSpace) -> None:
        self.stdout.write(f"{space.name} answers queries now.")
        null_distributions.calibrate_missing()

    def _retire(self, options: dict[str, Any]) -> None:
        space = lifecycle.get_space(options["name"])
        if space.state == SpaceState.RETIRED:
            raise CommandError(f"{space.name} is retired already.")
        lifecycle.retire_space(space, is_forced=options["force"])
        indexes.build_missing()
        self.stdout.write(f"{space.name} is retired; its vectors and indexes are gone.")


VERBS = {
    "build": "Embeds all items in it, behind everything else, and builds its indexes.",
    "compare": "Evaluates it and the active space side by side, on the judged sets of collections or else the demo's.",
    "activate": "Lets it answer queries, from the next request on.",
    "retire": "Drops its vectors and indexes.",
}
FORCE = {
    "activate": "Even without a comparison or when it was worse.",
    "retire": "Even if it answered queries a moment ago.",
}


def _option(pair: str) -> tuple[str, Any]:
    name, is_pair, value = pair.partition("=")
    if not is_pair:
        raise CommandError(f"--option {pair}: it has to look like NAME=VALUE.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _show(bar: Any, progress: Progress) -> None:
    bar.total = progress.embedded + progress.failed + progress.waiting
    bar.update(progress.embedded + progress.failed - bar.n)


def _advance(bar: Any, done: int, total: int) -> None:
    bar.total = total
    bar.update(done - bar.n)
