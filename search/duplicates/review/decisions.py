"""What people decide about pairs. A decision holds for the two texts it was taken on."""

from __future__ import annotations

from typing import Literal

from django.db import transaction
from django.db.models import BinaryField, F, Func
from django.utils import timezone

from catalog.access import Actor
from catalog.errors import Conflict
from catalog.models import Item
from search.models import DuplicateDecision, DuplicatePair

SETTLED_DIGEST = Func(F("title"), F("body"), function="akin_settled_digest", output_field=BinaryField())
Decision = Literal["confirmed", "dismissed", "variant", "suggested"]


def decide(*, pair: DuplicatePair, decision: Decision, actor: Actor, reason: str = "") -> DuplicatePair:
    """Records the decision with who, when, why and both texts; `suggested` takes the last one back.

    A pair that was offered again because a text changed is that again when the decision since then is taken back.
    Raises Conflict when the items are merged: that has to be undone first.
    """
    with transaction.atomic():
        locked = (
            DuplicatePair.objects.select_related("first__collection", "second__collection")
            .select_for_update(of=("self",))
            .get(pk=pair.pk)
        )
        first, second = locked.first, locked.second
        if decision != "confirmed" and (first.merged_into_id == second.pk or second.merged_into_id == first.pk):
            raise Conflict("These items are merged. Undo the merge first.")
        is_taken_back = decision == "suggested"
        texts = settled_digests(first.pk, second.pk)
        decided_on = _texts_of(locked) if is_taken_back else texts
        locked.state = decision
        locked.decided_by_id = None if is_taken_back else actor.user_id
        locked.decided_by_name = "" if is_taken_back else actor.name
        locked.decided_at = None if is_taken_back else timezone.now()
        locked.reason = "" if is_taken_back else reason
        locked.first_digest, locked.second_digest = texts
        _note(locked, decision, actor, reason, decided_on)
        locked.is_changed = is_taken_back and decided_before(locked)
        locked.save()
    return locked


def settled_digests(first_id: int, second_id: int) -> tuple[bytes, bytes]:
    """The digests of both texts as people read them, so that white space and capitals change no decision."""
    rows = Item.objects.filter(pk__in=[first_id, second_id]).values_list("pk", SETTLED_DIGEST)
    digests = {pk: bytes(digest) for pk, digest in rows}
    return digests[first_id], digests[second_id]


def decided_before(pair: DuplicatePair) -> bool:
    """Whether a decision on other texts of the two items stands: the latest one that was not taken back."""
    taken_back = set()
    for past in history_of(pair):
        if past.decision == "suggested":
            taken_back.add(_texts_of(past))
        elif _texts_of(past) not in taken_back:
            return _texts_of(past) != _texts_of(pair)
    return False


def history_of(pair: DuplicatePair) -> list[DuplicateDecision]:
    """Every decision about the two items, the latest first."""
    return list(DuplicateDecision.objects.filter(first_item_id=pair.first_id, second_item_id=pair.second_id))


def _texts_of(one: DuplicatePair | DuplicateDecision) -> tuple[bytes, bytes]:
    return bytes(one.first_digest), bytes(one.second_digest)


def _note(pair: DuplicatePair, decision: Decision, actor: Actor, reason: str, texts: tuple[bytes, bytes]) -> None:
    """Adds to the history; `texts` are the digests that were decided on, or whose decision is taken back."""
    DuplicateDecision.objects.create(
        collection_id=pair.collection_id,
        first_item_id=pair.first_id,
        second_item_id=pair.second_id,
        decision=decision,
        score=pair.score,
        decided_by_id=actor.user_id,
        decided_by_name=actor.name,
        reason=reason,
        first_digest=texts[0],
        second_digest=texts[1],
    )
