"""Refuses the NUL character in addresses and forms of pages: PostgreSQL stores none, and no keyboard types one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase

from catalog.pages.error_pages import error_page

API: Final = "/api/"  # names the field itself
NUL: Final = "\x00"


class NulMiddleware:
    """Answers 400 before a view asks the database. Runs as the view is known, when the form is read anyway."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, options: Any) -> HttpResponse | None:
        if request.path_info.startswith(API):
            return None
        forms = [request.GET] + ([request.POST] if request.method == "POST" else [])
        texts = (text for form in forms for name, values in form.lists() for text in (name, *values))
        if NUL in request.path_info or any(NUL in text for text in texts):
            return error_page(400, "What you sent contains the NUL character, which no text here can have.")
        return None
