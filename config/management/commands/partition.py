"""Puts items and passages into the partitions that AKIN_PARTITIONS asks for."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from catalog.models import Item
from config import partitions


class Command(BaseCommand):
    help = (
        "Divides the tables of items and passages into AKIN_PARTITIONS partitions, by a hash of their collection. "
        "Nobody can search or write meanwhile; it takes as long as copying both tables, and their space once more."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = settings.AKIN_PARTITIONS
        if not wanted:
            raise CommandError(
                "AKIN_PARTITIONS is 0: set it to the number of partitions. There is no way back to none."
            )
        if partitions.are_as_asked():
            self.stdout.write(f"There are {wanted} partitions of each table already.")
            return
        self.stdout.write(f"Dividing {Item.objects.count():,} items and their passages into {wanted} partitions each …")
        partitions.partition(wanted)
        self.stdout.write("Done. A running Akin builds the indexes of large collections anew within a minute.")
