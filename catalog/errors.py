"""What can go wrong in the catalog. Every error carries a code for programs and a message for people."""

from __future__ import annotations

from typing import Any


class CatalogError(Exception):
    """The root: bad input or a state that refuses the request."""

    code = "invalid"
    status = 422

    def __init__(self, message: str, details: Any = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(CatalogError):
    """The input breaks a rule; `details` lists each broken field with its reason."""


class NotFound(CatalogError):
    code = "not_found"
    status = 404


class Conflict(CatalogError):
    code = "conflict"
    status = 409


class Unauthenticated(CatalogError):
    code = "unauthenticated"
    status = 401


class Forbidden(CatalogError):
    code = "forbidden"
    status = 403


class TooLarge(CatalogError):
    code = "too_large"
    status = 413
