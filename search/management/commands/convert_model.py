"""Converts the default model ahead of time, for an image or a machine whose data directory starts empty."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from search.embedding.encoders.conversion import ConversionError, converted
from search.embedding.encoders.sources import DEFAULT_MODEL, source_of, stay_offline
from search.models import EmbeddingSpace


class Command(BaseCommand):
    help = "Converts the default model into AKIN_DATA_DIR/models. A folder with it is what AKIN_MODELS names."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        stay_offline(DEFAULT_MODEL)
        try:
            folder = converted(source_of(EmbeddingSpace(model=DEFAULT_MODEL)), revision="", is_compressed=True)
        except (ConversionError, OSError) as error:
            raise CommandError(f"{settings.AKIN_DATA_DIR}: {error}") from error
        self.stdout.write(str(folder))
