"""What people decide about pairs."""

from __future__ import annotations

from typing import Literal

from django.utils import timezone

from catalog.access import Actor
from search.models import DuplicatePair

Decision = Literal["confirmed", "dismissed", "suggested"]


def decide(*, pair: DuplicatePair, decision: Decision, actor: Actor, reason: str = "") -> DuplicatePair:
    """Records the decision with who, when, why and the digests of both texts."""
    pair.state = decision
    pair.decided_by_id = actor.user_id
    pair.decided_by_name = actor.name
    pair.decided_at = timezone.now()
    pair.reason = reason
    pair.is_changed = False
    pair.first_digest, pair.second_digest = bytes(pair.first.text_digest), bytes(pair.second.text_digest)
    pair.save()
    return pair
