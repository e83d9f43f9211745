"""Akin in this process, with its services, for what measures it from the inside."""

from __future__ import annotations

import os


def start() -> None:
    """Models can be imported afterwards, and not before. Tables are made where there are none."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    from config import services

    services.join()
    services.prepare_tables()
    django.setup()
