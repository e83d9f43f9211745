"""Accepting and refusing suggestions. Accepting changes the item; refusing is remembered."""

from __future__ import annotations

from typing import Any, Literal

from django.db import transaction
from django.utils import timezone

from catalog.access import Actor, require
from catalog.errors import Conflict
from catalog.models.api_key import Scope
from catalog.schemas import ItemInput, parse_item
from catalog.services.items import CONTENT_FIELDS, upsert_items
from search.models import Suggestion
from search.models.insight import SuggestionKind, SuggestionState

Decision = Literal["accepted", "refused"]


def decide(*, suggestion: Suggestion, decision: Decision, actor: Actor) -> Suggestion:
    """Raises Unauthenticated or Forbidden, and Conflict when it is decided or the item has another value by now."""
    require(actor, Scope.CURATE, suggestion.collection)
    with transaction.atomic():
        locked = Suggestion.objects.select_for_update(of=("self",)).select_related("collection", "item")
        suggestion = locked.get(pk=suggestion.pk)
        if suggestion.state != SuggestionState.OPEN:
            raise Conflict(f"It was {suggestion.get_state_display().lower()} already.")
        if decision == "accepted" and suggestion.kind != SuggestionKind.OUTLIER:
            upsert_items(collection=suggestion.collection, entries=[_changed(suggestion)])
        suggestion.state = SuggestionState(decision)
        suggestion.decided_by_id, suggestion.decided_by_name = actor.user_id, actor.name
        suggestion.decided_at = timezone.now()
        suggestion.save()
    return suggestion


def _changed(suggestion: Suggestion) -> ItemInput:
    item = suggestion.item
    value = item.attributes.get(suggestion.attribute)
    attributes = {**item.attributes, suggestion.attribute: _with_value(value, suggestion)}
    content = {name: getattr(item, name) for name in CONTENT_FIELDS}
    return parse_item({**content, "external_id": item.external_id, "attributes": attributes})


def _with_value(value: Any, suggestion: Suggestion) -> Any:
    """A missing value is set, a wrong one is replaced; the other values of a list stay."""
    has_value = value not in (None, "", [])
    if suggestion.kind == SuggestionKind.TAG:
        if has_value:
            raise Conflict(f"The item has a value of '{suggestion.attribute}' by now.")
        return suggestion.proposed
    values = value if isinstance(value, list) else [value]
    if suggestion.present not in values:
        raise Conflict(f"The item is no longer filed under '{suggestion.present}'.")
    changed = [suggestion.proposed if one == suggestion.present else one for one in values]
    return list(dict.fromkeys(changed)) if isinstance(value, list) else changed[0]
