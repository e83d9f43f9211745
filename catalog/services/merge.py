"""Merging two items into one, so that nothing is lost and everything can be undone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from catalog.errors import Conflict, InvalidInput
from catalog.locks import Lock, hold_until_commit
from catalog.models import Item, MergeRecord
from catalog.services.collections import announce

Side = Literal["keeper", "other"]

MERGED_FIELDS = ("title", "body", "url", "image")
ATTRIBUTES = "attributes"
ATTRIBUTE_PREFIX = "attributes."


def merge_items(
    *, keeper: Item, other: Item, field_choices: Mapping[str, Side] | None = None, actor_name: str = ""
) -> MergeRecord:
    """Makes `other` a hidden item that leads to `keeper`, in one transaction.

    `field_choices` names the fields, or single attributes as in `attributes.brand`, that come from `other`; the rest
    stays the keeper's. Attributes that only one has are united, and so are lists, unless one side is chosen for them.
    What points at `other` points at the keeper afterwards, except where the keeper has such a row already.
    Raises InvalidInput for two items that cannot be merged and Conflict when one of them is merged already.
    """
    choices = dict(field_choices or {})
    _check_choices(choices)
    with transaction.atomic():
        hold_until_commit(Lock.MERGES, keeper.collection_id)
        keeper, other = _locked(keeper, other)
        _check_items(keeper, other)
        before = _content(keeper)
        merged = merged_content(keeper, other, choices)
        now = timezone.now()
        record = MergeRecord.objects.create(
            collection_id=keeper.collection_id, keeper=keeper, other=other, merged_by_name=actor_name
        )
        moved = [entry for relation in _relations() if (entry := _move(relation, other, keeper))]
        Item.objects.filter(pk=keeper.pk).update(**merged, updated_at=now)
        Item.objects.filter(pk=other.pk).update(merged_into=keeper, updated_at=now)
        record.snapshot = {
            "before": before,
            "after": {**merged, "updated_at": now.isoformat()},
            "other_updated_at": other.updated_at.isoformat(),
            "moved": moved,
        }
        record.save(update_fields=["snapshot"])
        transaction.on_commit(lambda: announce(keeper.collection_id))
    return record


def unmerge_items(*, record: MergeRecord, actor_name: str = "") -> MergeRecord:
    """Puts back everything the merge changed; what was edited in the keeper since then stays.

    Raises Conflict when it is undone already, or when a later merge has to be undone first.
    """
    with transaction.atomic():
        hold_until_commit(Lock.MERGES, record.collection_id)
        record = MergeRecord.objects.select_for_update().get(pk=record.pk)
        if record.undone_at is not None:
            raise Conflict("This merge is undone already.")
        keeper, other = _locked(record.keeper, record.other)
        if other.merged_into_id != keeper.pk:
            raise Conflict("A later merge moved these items. Undo that one first.")
        for entry in record.snapshot["moved"]:
            _move_back(entry, other, keeper)
        _restore(keeper, record.snapshot["before"], record.snapshot["after"])
        updated_at = parse_datetime(record.snapshot["other_updated_at"])
        Item.objects.filter(pk=other.pk).update(merged_into=None, updated_at=updated_at)
        record.undone_at, record.undone_by_name = timezone.now(), actor_name
        record.save(update_fields=["undone_at", "undone_by_name"])
        transaction.on_commit(lambda: announce(record.collection_id))
    return record


def merged_content(keeper: Item, other: Item, choices: Mapping[str, Side]) -> dict[str, Any]:
    """The keeper's fields after the merge. An empty field of the keeper is filled from the other one."""
    content: dict[str, Any] = {}
    for name in MERGED_FIELDS:
        ours, theirs = getattr(keeper, name), getattr(other, name)
        content[name] = theirs if choices.get(name, "keeper" if ours else "other") == "other" else ours
    if not content["title"] and not content["body"]:
        raise InvalidInput("The merged item would have neither title nor text.")
    content[ATTRIBUTES] = _united(keeper.attributes, other.attributes, choices)
    return content


def count_incoming(item_ids: Collection[int]) -> dict[int, int]:
    """How many rows point at each of the items, items merged into it included; they would move with a merge."""
    counts = dict.fromkeys(item_ids, 0)
    for field in _relations():
        rows = _rows(field).filter(**{f"{field.name}__in": list(counts)}).order_by()
        for pk, count in rows.values_list(field.attname).annotate(count=models.Count("pk")):
            counts[pk] += count
    return counts


def _united(ours: dict[str, Any], theirs: dict[str, Any], choices: Mapping[str, Side]) -> dict[str, Any]:
    united = dict(ours)
    for name, value in theirs.items():
        chosen = choices.get(ATTRIBUTE_PREFIX + name)
        if chosen == "keeper" and name in ours:
            continue
        if (chosen or choices.get(ATTRIBUTES)) == "other" or united.get(name) in (None, "", []):
            united[name] = value
        elif isinstance(value, list) and isinstance(united[name], list):
            united[name] = [*united[name], *(one for one in value if one not in united[name])]
    return united


def _check_choices(choices: Mapping[str, Side]) -> None:
    for name, side in choices.items():
        if name not in (*MERGED_FIELDS, ATTRIBUTES) and not name.startswith(ATTRIBUTE_PREFIX):
            raise InvalidInput(f"{name}: there is no such field to choose.")
        if side not in ("keeper", "other"):
            raise InvalidInput(f"{name}: choose 'keeper' or 'other'.")


def _check_items(keeper: Item, other: Item) -> None:
    if keeper.pk == other.pk:
        raise InvalidInput("An item cannot be merged into itself.")
    if keeper.collection_id != other.collection_id:
        raise InvalidInput("Items of two collections cannot be merged.")
    if keeper.merged_into_id is not None or other.merged_into_id is not None:
        raise Conflict("One of the items is merged already.")


def _locked(keeper: Item, other: Item) -> tuple[Item, Item]:
    """Both items as they are now, locked in the order of their ids."""
    rows = Item.objects.light().filter(pk__in=[keeper.pk, other.pk]).order_by("pk").select_for_update()
    items = {item.pk: item for item in rows}
    if not {keeper.pk, other.pk} <= items.keys():
        raise Conflict("One of the items is gone.")
    return items[keeper.pk], items[other.pk]


def _content(item: Item) -> dict[str, Any]:
    return {name: getattr(item, name) for name in (*MERGED_FIELDS, ATTRIBUTES)} | {
        "updated_at": item.updated_at.isoformat()
    }


def _restore(keeper: Item, before: dict[str, Any], after: dict[str, Any]) -> None:
    current = _content(keeper)
    unchanged = [name for name in before if current[name] == after[name]]
    values = {name: before[name] for name in unchanged if name != "updated_at"}
    is_untouched = len(unchanged) == len(before)
    updated_at = parse_datetime(before["updated_at"]) if is_untouched else timezone.now()
    Item.objects.filter(pk=keeper.pk).update(**values, updated_at=updated_at)


def _relations() -> Iterator[models.ForeignKey[Any, Any]]:
    """Every foreign key to an item, also of many-to-many tables, unless its rows belong to the very text.

    Those say so themselves: by `stays_on_merge`, or by having no constraint in the database, as derived tables do.
    """
    for relation in Item._meta.get_fields(include_hidden=True):  # noqa: SLF001  Django documents it
        if not isinstance(relation, models.ManyToOneRel):
            continue
        field = relation.field
        is_derived = not getattr(field, "db_constraint", True) or getattr(field.model, "stays_on_merge", False)
        if isinstance(field, models.ForeignKey) and not is_derived:
            yield field


def _rows(field: models.ForeignKey[Any, Any]) -> models.QuerySet[models.Model]:
    """All rows of the field's table, whatever its managers hide."""
    return field.model._base_manager.all()  # noqa: SLF001  Django documents it


def _move(field: models.ForeignKey[Any, Any], other: Item, keeper: Item) -> dict[str, Any] | None:
    """Points the rows at the keeper and says which these were; one that the keeper has already stays where it is."""
    rows = _rows(field).filter(**{field.name: other}).order_by("pk")
    moved = [pk for pk in rows.values_list("pk", flat=True) if _point(field, pk, keeper)]
    return {"relation": str(field), "rows": moved} if moved else None


def _point(field: models.ForeignKey[Any, Any], pk: Any, item: Item) -> bool:
    try:
        with transaction.atomic():
            _rows(field).filter(pk=pk).update(**{field.name: item})
    except IntegrityError:
        return False
    return True


def _move_back(entry: dict[str, Any], other: Item, keeper: Item) -> None:
    for field in _relations():
        if str(field) == entry["relation"]:
            _rows(field).filter(pk__in=entry["rows"], **{field.name: keeper}).update(**{field.name: other})
