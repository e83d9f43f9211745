"""The JSON API of a collection's status."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest
from ninja import Router
from pydantic import BaseModel, Field

from catalog.http import collection_to_read
from catalog.models import Run
from search.embedding.status import collection_status
from search.models import EmbeddingSpace

router = Router(tags=["Status"])


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
    """Long work on the collection, counted in items."""

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


@router.get("/{slug}/status", response=StatusOut)
def get_status(request: HttpRequest, slug: str) -> StatusOut:
    """How many items are found by meaning already, by which model, and what is under way."""
    status = collection_status(collection_to_read(request, slug))
    return StatusOut(
        items=status.items,
        states=StatesOut(**status.states),
        space=_space_out(status.space),
        lag_seconds=round(status.lag_seconds, 3),
        runs=[_run_out(run) for run in status.runs],
    )


def _space_out(space: EmbeddingSpace) -> SpaceOut:
    fields = {name: getattr(space, name) for name in SpaceOut.model_fields}
    fields["model"] = space.model.rstrip("/").rpartition("/")[2] if space.model.startswith("/") else space.model
    return SpaceOut(**fields)


def _run_out(run: Run) -> RunOut:
    return RunOut(**{name: getattr(run, name) for name in RunOut.model_fields})
