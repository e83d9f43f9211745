"""Turns the errors that pages raise into pages a person can read. The JSON API answers for itself."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse

from catalog.errors import CatalogError, NotFound, Unauthenticated

logger = logging.getLogger(__name__)

TEMPLATES: Final = {status: f"{status}.html" for status in (403, 404, 413, 429, 503)}


class ErrorPageMiddleware:
    """Handles what views raise; what they return is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, Unauthenticated):
            return redirect_to_login(request.get_full_path(), login_url())
        if isinstance(exception, CatalogError):
            page = error_page(exception.status, "" if isinstance(exception, NotFound) else exception.message)
            if retry_after := getattr(exception, "retry_after", None):
                page["Retry-After"] = str(retry_after)
            return page
        if isinstance(exception, OperationalError | InterfaceError):
            logger.error("The database does not answer", exc_info=exception)
            return error_page(503)
        return None


def error_page(status: int, message: str = "") -> HttpResponse:
    """Rendered without the request, so that it works while the database is down and tells nobody apart."""
    template = TEMPLATES.get(status, "400.html")
    return HttpResponse(render_to_string(template, {"message": message}), status=status)


def login_url() -> str:
    return reverse("catalog:sign_in")
