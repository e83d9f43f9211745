"""Registers the commands, the checks and the Celery app of the project itself, and what watches them."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.db.models.signals import post_migrate


class ProjectConfig(AppConfig):
    name = "config"
    label = "config"

    def ready(self) -> None:
        """Tasks are sent through the app that was made last, so it has to exist in every process."""
        from config import celery, partitions
        from config.watching import checks, request_ids
        from config.watching.measuring import listening, statements, tasks

        celery.app.set_default()
        post_migrate.connect(
            partitions.partition_if_empty, sender=apps.get_app_config("search"), dispatch_uid="config.partitions"
        )
        checks.register_checks()
        request_ids.connect()
        for part in (listening, statements, tasks):
            part.connect()
        if settings.AKIN_TRACES:
            from config.watching import traces

            traces.start()
