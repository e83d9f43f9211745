"""Makes the services that the settings do not name elsewhere run, for each process that needs them."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings

from config import embedded


def join() -> None:
    """Starts or joins the embedded services, if this configuration uses them. Raises EmbeddedServiceError."""
    embedded.join(settings.AKIN_DATA_DIR, settings.EMBEDDED_SERVICES)


def keep(say: Callable[[str], None]) -> None:
    """Starts an embedded service again when it ends, and says so."""
    if settings.EMBEDDED_SERVICES:
        embedded.keep(settings.AKIN_DATA_DIR, settings.EMBEDDED_SERVICES, say)


def prepare_tables() -> None:
    """Makes the tables of an embedded database that is new or of an older version."""
    import django

    from config import schema

    if "postgres" in settings.EMBEDDED_SERVICES:
        django.setup()
        schema.migrate()


def leave() -> None:
    """What the end of the process does too: the last one stops the services."""
    embedded.leave(settings.AKIN_DATA_DIR)
