"""Registers the commands, the checks and the Celery app of the project itself."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        """Tasks are sent through the app that was made last, so it has to exist in every process."""
        from config import celery
        from config.watching import checks

        celery.app.set_default()
        checks.register_checks()
