"""Changes of many items as runs: done at once where they are few, else by a worker, which goes on where one died."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from django.db import transaction

from catalog import locks
from catalog.bulk.changes import Change
from catalog.errors import CatalogError, Conflict, InvalidInput
from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind, RunState
from catalog.schemas import ItemInput, parse_item
from catalog.services.bulk import upsert_each
from catalog.services.items import CONTENT_FIELDS
from catalog.services.rereading import schema_of
from catalog.services.runs import Progress, carried_out
from catalog.signals import run_waits

MAX_ITEMS: Final = 10_000
AT_ONCE: Final = 200  # items, which no person waits long for
BATCH_SIZE: Final = 200
MAX_PROBLEMS: Final = 100
ATTEMPTS: Final = 3


def change_items(*, item_ids: list[int], change: Change, user_id: int | None) -> list[Run]:
    """A run for each collection of the items. Raises InvalidInput where a schema refuses the value, or for too many."""
    if len(item_ids) > MAX_ITEMS:
        raise InvalidInput(f"Choose at most {MAX_ITEMS:,} items at a time.")
    by_collection: dict[int, list[int]] = {}
    rows = Item.objects.filter(pk__in=item_ids).order_by("pk").values_list("collection_id", "pk")
    for collection_id, pk in rows:
        by_collection.setdefault(collection_id, []).append(pk)
    collections = Collection.objects.in_bulk(by_collection)
    for collection in collections.values():
        if change.kind == "set_attribute":
            change.value(schema_of(collection))
    runs = [_asked(collections[key], ids, change, user_id) for key, ids in by_collection.items()]
    if len(item_ids) <= AT_ONCE:
        do_waiting([run.pk for run in runs])
    else:
        transaction.on_commit(lambda: run_waits.send_robust(sender=Run))
    return list(Run.objects.select_related("collection").filter(pk__in=[run.pk for run in runs]))


def do_waiting(run_ids: list[int] | None = None) -> int:
    """Carries out the runs that wait and that a dead process left, and returns how many these were."""
    waiting = Run.objects.filter(kind=RunKind.CHANGE, state=RunState.RUNNING).order_by("id")
    count = 0
    for run_id in waiting.values_list("pk", flat=True) if run_ids is None else run_ids:
        with locks.tried(locks.Lock.CHANGE_RUN, run_id) as is_mine:
            run = Run.objects.select_related("collection").filter(pk=run_id, state=RunState.RUNNING).first()
            if is_mine and run is not None:
                count += 1
                _do(run)
    return count


def _asked(collection: Collection, item_ids: list[int], change: Change, user_id: int | None) -> Run:
    return Run.objects.create(
        kind=RunKind.CHANGE,
        collection=collection,
        started_by_id=user_id,
        total=len(item_ids),
        detail={"change": asdict(change), "items": item_ids, "at": 0, "problems": []},
    )


def _do(run: Run) -> None:
    attempts = run.detail.get("attempts", 0) + 1
    run.detail = {**run.detail, "attempts": attempts}
    run.save(update_fields=["detail", "heartbeat_at"])
    with suppress(CatalogError), carried_out(run) as progress:  # the run says why
        if attempts > ATTEMPTS:
            raise Conflict(f"{ATTEMPTS} processes that were at this are gone.")
        _go_on(run, progress)


def _go_on(run: Run, progress: Progress) -> None:
    """Batch by batch from where the run is; the batch and how far that is are one transaction."""
    assert run.collection is not None
    change, item_ids = Change(**run.detail["change"]), run.detail["items"]
    while (at := run.detail["at"]) < len(item_ids):
        progress(run.done, len(item_ids))
        with transaction.atomic():
            _batch(run, run.collection, change, item_ids[at : at + BATCH_SIZE])
            run.detail = {**run.detail, "at": at + BATCH_SIZE}
            run.save(update_fields=["done", "failed", "detail", "heartbeat_at"])


def _batch(run: Run, collection: Collection, change: Change, item_ids: list[int]) -> None:
    """Writes through the service that all writers call; an item that is gone meanwhile counts as failed."""
    schema = schema_of(collection)
    rows = Item.objects.filter(pk__in=item_ids, collection=collection).order_by("pk").select_for_update(no_key=True)
    entries: list[ItemInput] = []
    problems: list[str] = []
    for row in rows.values("external_id", *CONTENT_FIELDS):
        try:
            entries.append(parse_item(change.applied_to(row, schema)))
        except InvalidInput as error:
            problems.append(f"{row['external_id']}: {error.message}")
    results = upsert_each(collection=collection, entries=entries)
    problems += [f"{result.external_id}: {result.error.message}" for result in results if result.error]
    run.failed += len(item_ids) - len(entries) + sum(result.error is not None for result in results)
    run.done += sum(result.error is None for result in results)
    kept: list[Any] = [*run.detail["problems"], *problems]
    run.detail = {**run.detail, "problems": kept[:MAX_PROBLEMS]}
