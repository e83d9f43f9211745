"""Every error of the JSON API in one shape: {"error": {"code", "message", "details"}}."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from kombu.exceptions import OperationalError as BrokerError
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from redis.exceptions import RedisError

from catalog.errors import CatalogError
from catalog.http import ItemMovedError
from catalog.services.bulk import refusal
from search.retrieval.rate_limit import RateLimitError

logger = logging.getLogger(__name__)

RETRY_SECONDS = 5
CODES = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 413: "too_large"}


def error_response(status: int, code: str, message: str, details: Any = None) -> HttpResponse:
    """The answer with that status."""
    body = {"error": {"code": code, "message": message, "details": details}}
    response = HttpResponse(orjson.dumps(body, default=str), status=status, content_type="application/json")
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _catalog_error(request: HttpRequest, error: CatalogError) -> HttpResponse:
    response = error_response(error.status, error.code, error.message, error.details)
    if isinstance(error, RateLimitError):
        response["Retry-After"] = str(error.retry_after)
    return response


def _wrong_shape(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What pydantic found wrong with the parameters or the body, field by field."""
    found = dict.fromkeys((_field(one["loc"]), _reason(one["msg"])) for one in error.errors)
    problems = [{"field": field, "reason": reason} for field, reason in found]
    message = "; ".join(f"{one['field']}: {one['reason']}" for one in problems)
    return error_response(422, "invalid", message, problems)


def _field(location: tuple[str | int, ...]) -> str:
    """Leaves out where the field came from, our own functions, and the name that they give to a whole body."""
    parts = [str(part) for part in location[1:] if not str(part).startswith("function-")]
    if location[:2] == ("body", "body"):
        parts = parts[1:]
    return ".".join(parts) or "body"


def _reason(message: str) -> str:
    if message.startswith("Input should be a valid dictionary"):
        return "Input should be a valid object"
    return message.removeprefix("Value error, ").replace("Extra inputs are not permitted", "unknown key")


def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    """Ninja wraps what our parser found wrong with a body; that says more."""
    if isinstance(error.__cause__, CatalogError):
        return _catalog_error(request, error.__cause__)
    return error_response(error.status_code, CODES.get(error.status_code, "refused"), str(error))


def _too_big(request: HttpRequest, error: RequestDataTooBig) -> HttpResponse:
    return error_response(413, "too_large", "The body is too large for this path.")


def _moved(request: HttpRequest, moved: ItemMovedError) -> HttpResponse:
    """Not to be remembered by caches, because a merge can be undone."""
    return HttpResponse(status=308, headers={"Location": moved.location, "Cache-Control": "no-store"})


def _database_error(request: HttpRequest, error: DatabaseError) -> HttpResponse:
    if (refused := refusal(error)) is not None:
        return _catalog_error(request, refused)
    if isinstance(error, IntegrityError):
        return error_response(409, "conflict", "Another change got in the way. Try again.")
    if isinstance(error, OperationalError):
        return _unavailable(request, error)
    return _unexpected(request, error)


def _unavailable(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.error("%s %s: a service does not answer: %s", request.method, request.path, error)
    return error_response(503, "unavailable", "A service that is needed for this does not answer. Try again later.")


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """Logs the error with its traceback and tells nothing of it."""
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    return error_response(500, "internal", "Something went wrong here. It has been logged.")


HANDLERS: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
    CatalogError: _catalog_error,
    ValidationError: _wrong_shape,
    HttpError: _http_error,
    RequestDataTooBig: _too_big,
    ItemMovedError: _moved,
    DatabaseError: _database_error,
    InterfaceError: _unavailable,
    RedisError: _unavailable,
    BrokerError: _unavailable,
    Exception: _unexpected,
}


def add_error_handlers(api: NinjaAPI) -> None:
    """Makes the API answer every exception with an error of the one shape."""
    for error, handler in HANDLERS.items():
        api.add_exception_handler(error, handler)
