"""Whether this server lives, and whether it can answer: for supervisors, load balancers and people."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from django.core.cache import cache
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from redis.exceptions import RedisError

from search.embedding.encoders.registry import is_loaded
from search.embedding.spaces.lifecycle import active_space

logger = logging.getLogger(__name__)

State = Literal["up", "down", "loaded", "not loaded", "failed"]
BROKEN = ("down", "failed")


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one thing that answering depends on."""

    state: State
    detail: str = ""


def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; asks nothing else."""
    return JsonResponse({"status": "alive"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 `ready`; 200 `degraded` without Redis or encoder, where searching by word goes on; 503 without database."""
    database = _check("database", _database)
    parts = {"database": database, "redis": _check("redis", _redis)}
    parts["encoder"] = _check("encoder", _encoder) if database.state == "up" else Part("not loaded")
    status = "ready"
    if database.state == "down":
        status = "unavailable"
    elif any(part.state in BROKEN for part in parts.values()):
        status = "degraded"
    body = {"status": status, **{name: {"state": p.state, "detail": p.detail} for name, p in parts.items()}}
    return JsonResponse(body, status=503 if status == "unavailable" else 200)


def _check(name: str, check: Callable[[], Part]) -> Part:
    """The answer tells no more than that it is down; the log says why."""
    try:
        return check()
    except (DatabaseError, RedisError, OSError) as error:
        logger.warning("%s is down: %s", name, error)
        return Part("down")


def _database() -> Part:
    """Also down before the migrations: no query can be answered then."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM search_embeddingspace LIMIT 1")
    return Part("up")


def _redis() -> Part:
    cache.get("readyz")
    return Part("up")


def _encoder() -> Part:
    """Whether the model is in this process's memory. The first query loads it."""
    space = active_space()
    return Part("loaded" if is_loaded(space) else "not loaded", f"{space.name}, {space.dimensions} dimensions")
