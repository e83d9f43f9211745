"""Limits before a view is asked: requests of strangers a minute, bytes of a form, and failed sign-ins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from catalog.pages.error_pages import error_page
from config.server.limits import body_bytes
from search.retrieval.rate_limit import RateLimitError, check_rate, say_rate

GetResponse = Callable[[HttpRequest], HttpResponseBase]

UNCOUNTED: Final = ("/api/", "/static/", "/healthz", "/readyz")  # the API counts once it knows whose key it is
API: Final = "/api/v1/"  # has its own limits and its own shape of errors


class UploadLimitMiddleware:
    """Refuses a body by its announced length, before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not request.path_info.startswith(API) and (not length.isdecimal() or int(length) > _most(request)):
            return error_page(413, "What you sent is too large for this page.")
        return self.get_response(request)


def _most(request: HttpRequest) -> int:
    return body_bytes(request.path_info, has_session=settings.SESSION_COOKIE_NAME in request.COOKIES)


class RateLimitMiddleware:
    """Counts pages and metrics as the API counts its operations, and says in each answer what is left."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        say_rate(request, response)
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, options: Any) -> HttpResponse | None:
        if request.path_info.startswith(UNCOUNTED) or _is_signed_in(request):
            return None
        try:
            check_rate(request)
        except RateLimitError as error:
            page = error_page(error.status, error.message)
            page["Retry-After"] = str(error.retry_after)
            return page
        return None


def _is_signed_in(request: HttpRequest) -> bool:
    try:
        return request.user.is_authenticated
    except (OperationalError, InterfaceError):
        return False


def locked_out(request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None) -> HttpResponse:
    """What django-axes answers after too many failed sign-ins of an account or from an address."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds()) // 60
    page = error_page(429, f"Too many failed sign-ins. Try again in {minutes} minutes.")
    page["Retry-After"] = str(minutes * 60)
    return page
