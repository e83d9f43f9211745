"""Registers the catalog with Django."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CatalogConfig(AppConfig):
    name = "catalog"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from catalog.models.quiet_triggers import ask_quietly

        post_migrate.connect(ask_quietly, sender=self)
