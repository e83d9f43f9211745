"""What the pages of the duplicate review need of the admin that mounts them."""

from __future__ import annotations

from typing import Protocol

from django.http import HttpRequest

from catalog.admin.site import Desk
from search.models import DuplicatePair
from search.models.duplicate import PairState


class ReviewDesk(Desk, Protocol):
    """The admin of pairs: who may decide and merge, and recording a decision."""

    def has_decide_permission(self, request: HttpRequest) -> bool: ...

    def has_merge_permission(self, request: HttpRequest) -> bool: ...

    def decide(self, request: HttpRequest, pair: DuplicatePair, decision: PairState, reason: str = "") -> None: ...
