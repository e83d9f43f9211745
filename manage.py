#!/usr/bin/env python
"""Akin's commands. Each starts or joins the embedded services, unless it needs none."""

from __future__ import annotations

import os
import signal
import sys

# These read no data, and a machine that only builds an image has no services; `start` joins when it may start.
WITHOUT_SERVICES = {
    "start",
    "restore",
    "convert_model",
    "help",
    "version",
    "--help",
    "--version",
    "collectstatic",
    "makemessages",
    "compilemessages",
}

# These need tables. Where the database is Akin's own they make them; elsewhere that is for `prepare`, once.
WITH_TABLES = {
    "benchmark",
    "createsuperuser",
    "evaluate",
    "evaluate_duplicates",
    "evaluate_interest",
    "evaluate_known_items",
    "evaluate_map",
    "evaluate_misfiled",
    "evaluate_tags",
    "evaluate_topics",
    "export_collection",
    "import_collection",
    "import_items",
    "load_demo",
    "retry_embeddings",
    "scale_corpus",
    "spaces",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from config import services
    from config.embedded import EmbeddedServiceError

    try:
        if len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_SERVICES:
            services.join()
        if len(sys.argv) > 1 and sys.argv[1] in WITH_TABLES:
            services.prepare_tables()
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, EmbeddedServiceError) as error:
        sys.exit(f"akin: {error}")


if __name__ == "__main__":
    main()
