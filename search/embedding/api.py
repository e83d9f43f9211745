"""The JSON API of a collection's embeddings: how far they are, and trying again what failed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from catalog.http import actor_of, collection_to_change, collection_to_read
from catalog.models import Run
from catalog.models.api_key import Scope
from catalog.schemas import Strict, Text
from search.embedding.queue.retry import retry, unsuccessful
from search.embedding.status import collection_status
from search.models import EmbeddingSpace

router = Router(tags=["Status"])

MAX_RETRIED_ITEMS = 1_000  # named in one request


class StatesOut(BaseModel):
    pending: int
    claimed: int
    embedded: int
    failed: int


class SpaceOut(BaseModel):
    """The model that answers queries."""

    name: str
    kind: str
    model: str
    revision: str
    dimensions: int
    state: str


class RunOut(BaseModel):
    """Long work on the collection, counted in its items: of a backfill of all collections its share."""

    id: int
    kind: str
    state: str
    total: int | None
    done: int
    failed: int
    rate: float | None = Field(description="Items a second.")
    seconds_left: float | None
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None


class StatusOut(BaseModel):
    items: int
    states: StatesOut
    space: SpaceOut
    lag_seconds: float = Field(description="Age of the oldest change that is not embedded yet; 0 when there is none.")
    runs: list[RunOut] = Field(description="The latest ten, newest first.")


class RetryIn(Strict):
    """Without a body, or with an empty one, everything that failed in the collection is tried again."""

    external_ids: list[Annotated[Text, Field(max_length=200)]] | None = Field(
        default=None, max_length=MAX_RETRIED_ITEMS, description="Only these items; unknown ones do not count."
    )


class RetryOut(BaseModel):
    retried: int = Field(description="Embeddings that are due again now; of each item one in each embedding space.")


@router.get("/{slug}/status", response=StatusOut)
def get_status(request: HttpRequest, slug: str) -> StatusOut:
    """How many items are found by meaning already, by which model, and what is under way. Drafts count for writers."""
    collection = collection_to_read(request, slug)
    may_write = actor_of(request).has(Scope.WRITE, collection)
    status = collection_status(collection, is_visible_only=not may_write)
    return StatusOut(
        items=status.items,
        states=StatesOut(**status.states),
        space=_space_out(status.space),
        lag_seconds=round(status.lag_seconds, 3),
        runs=[_run_out(run) for run in status.runs],
    )


@router.post("/{slug}/embeddings/retry", response=RetryOut)
def retry_embeddings(request: HttpRequest, slug: str, body: RetryIn | None = None) -> RetryOut:
    """Tries again at once what failed or waits for its next attempt. Needs the scope `write`."""
    collection = collection_to_change(request, slug, Scope.WRITE)
    external_ids = body.external_ids if body else None
    return RetryOut(retried=retry(unsuccessful(collection=collection, external_ids=external_ids)))


def _space_out(space: EmbeddingSpace) -> SpaceOut:
    fields = {name: getattr(space, name) for name in SpaceOut.model_fields}
    fields["model"] = space.model.rstrip("/").rpartition("/")[2] if space.model.startswith("/") else space.model
    return SpaceOut(**fields)


def _run_out(run: Run) -> RunOut:
    return RunOut(**{name: getattr(run, name) for name in RunOut.model_fields})
