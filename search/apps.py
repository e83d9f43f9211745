"""Registers search with Django, connects it to the catalog's changes and sees to the default space."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SearchConfig(AppConfig):
    name = "search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from catalog.signals import run_waits
        from search.duplicates.comparing import rescan
        from search.embedding.queue import wakeup
        from search.insight.interest import subjects

        wakeup.connect()
        run_waits.connect(_wake_for_runs, dispatch_uid="search.wake_for_runs")
        rescan.connect()
        subjects.connect()
        post_migrate.connect(create_default_space, sender=self)


def _wake_for_runs(**kwargs: Any) -> None:
    from search.messages import send

    send("items.change_waiting")


def create_default_space(**kwargs: Any) -> None:
    """Items are marked pending in the spaces that exist, so the first one has to exist before the first item."""
    from search.embedding.spaces.lifecycle import active_space

    active_space()
