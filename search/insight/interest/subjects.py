"""Who an event is of: a person with an account, a browser's session, or whom a program names. Never one another's."""

from __future__ import annotations

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models.signals import post_delete
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from search.models import Event

SESSION_KEY = "interest"


def subject_of_request(request: HttpRequest) -> str | None:
    """Whoever looks at the pages; None for a browser of which nothing was kept yet."""
    if request.user.is_authenticated:
        return subject_of_user(request.user.pk)
    word = request.session.get(SESSION_KEY)
    return f"session:{word}" if isinstance(word, str) else None


def subject_to_record(request: HttpRequest) -> str:
    """The same, and a browser without one gets its own from now on. The session's key itself is kept nowhere."""
    subject = subject_of_request(request)
    if subject is None:
        request.session[SESSION_KEY] = _new_word(request)
        subject = f"session:{request.session[SESSION_KEY]}"
    return subject


def _new_word(request: HttpRequest) -> str:
    """The same for all requests that a browser sends before it has a session: what it did is of one subject."""
    cookie = request.META.get("CSRF_COOKIE")
    return salted_hmac(SESSION_KEY, cookie, algorithm="sha256").hexdigest() if cookie else secrets.token_urlsafe(16)


def subject_of_user(user_id: int) -> str:
    return f"user:{user_id}"


def subject_of_program(name: str) -> str:
    """Whom a program names; it cannot name accounts and sessions."""
    return f"api:{name}"


def refuses_recording(request: HttpRequest) -> bool:
    """Whether the browser says that it does not want to be followed (Global Privacy Control, Do Not Track)."""
    return "1" in (request.headers.get("Sec-GPC"), request.headers.get("DNT"))


def connect() -> None:
    """An account takes what it did with it."""
    post_delete.connect(_forget_user, sender=get_user_model(), dispatch_uid="search.forget_user")


def _forget_user(instance: Any, **kwargs: Any) -> None:
    Event.objects.filter(subject=subject_of_user(instance.pk)).delete()
