"""Says who asks, so that a copy of the database answers them only once it has what they wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponseBase
from redis.exceptions import RedisError

from config.server.dispatcher import is_writing
from search.retrieval import standbys


class ReaderMiddleware:
    """Only where there are copies."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not settings.AKIN_STANDBYS:
            return self.get_response(request)
        who = _who(request)
        token = standbys.reader.set(who)
        try:
            response = self.get_response(request)
            if is_writing(request.method or "", request.path_info) and response.status_code < 400:
                with suppress(DatabaseError, InterfaceError, RedisError):  # what was written stays written
                    standbys.remember_write(who)
            return response
        finally:
            standbys.reader.reset(token)


def _who(request: HttpRequest) -> str:
    """A key or a session, by its digest; nothing of it can be used to sign in."""
    secret = request.headers.get("Authorization") or request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return hashlib.sha256(secret.encode()).hexdigest() if secret else ""
