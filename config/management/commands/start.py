"""Starts everything on this machine: services, web server, workers, with a demo catalog if there is none."""

from __future__ import annotations

import datetime as dt
import errno
import json
import signal
import socket
import sys
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

from config import embedded, services
from config.management.commands.prepare import prepare
from config.supervisor import SYSTEM, AlreadyRunning, Child, Registry, Supervisor
from config.watching import readiness

# A worker that dies is replaced and what it did is done again; without the web server there is nothing to run for.
MAY_RESTART = {"worker", "jobs", "beat"}

# Whoever searches comes before what can wait.
BACKGROUND_NICENESS = 5


class Command(BaseCommand):
    help = "Starts the services, the web server and the workers; Ctrl-C stops them all."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts a background job with it ignored
        try:
            with Registry(settings.AKIN_DATA_DIR) as registry:
                refuse_busy_port(settings.HOST, settings.PORT)
                services.join()
                loads_demo = prepare(with_demo=True)
                status = self._run(registry, loads_demo=loads_demo)
                services.leave()
        except AlreadyRunning as error:
            raise CommandError(str(error)) from error
        sys.exit(status)

    def _run(self, registry: Registry, *, loads_demo: bool) -> int:
        lines = Lines()
        procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
        children = [
            Child(
                name,
                command,
                may_restart=name in MAY_RESTART,
                directory=settings.BASE_DIR,
                show=lines.show,
                niceness=BACKGROUND_NICENESS if name in MAY_RESTART else 0,
            )
            for name, command in procfile.processes.items()
        ]
        lines.make_room_for(child.name for child in children)
        services.keep(lambda line: lines.show(SYSTEM, line))
        return Supervisor(
            children,
            registry=registry,
            show=lines.show,
            is_ready=lambda: readiness.is_searchable(with_demo=loads_demo),
            on_ready=lambda: announce_ready(lines),
            trouble=trouble,
        ).run()


def announce_ready(lines: Lines) -> None:
    """Tells people and, through a file, commands where Akin is."""
    (settings.AKIN_DATA_DIR / "address").write_text(readiness.url())
    lines.say(f"Akin is ready: {readiness.url()}")


class Lines:
    """Prints each process's lines with its name, in its colour; whole ones, whichever threads print at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._printer = Printer(sys.stdout)
        self._colours = get_colours()
        self._colour_of: dict[str, str] = {}

    def make_room_for(self, names: Any) -> None:
        self._printer.width = max(len(name) for name in names)

    def show(self, name: str, line: str) -> None:
        if settings.AKIN_LOG_FORMAT == "json":
            self.say(line if line.startswith("{") else json.dumps({"process": name, "message": line}))
            return
        colour = self._colour_of.setdefault(name, next(self._colours))
        now = dt.datetime.now().astimezone()
        with self._lock:
            self._printer.write(Message(type="line", data=line or " ", time=now, name=name, colour=colour))

    def say(self, line: str) -> None:
        """Without a name: for whoever started Akin."""
        with self._lock:
            print(line, flush=True)


def trouble() -> str:
    if settings.EMBEDDED_SERVICES and embedded.is_data_dir_gone(settings.AKIN_DATA_DIR):
        return f"AKIN_DATA_DIR={str(settings.AKIN_DATA_DIR)!r} was deleted while Akin was running"
    return ""


def refuse_busy_port(host: str, port: int) -> None:
    """Raises CommandError before anything is started."""
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise CommandError(f"HOST={host!r} is refused: {error}") from error
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandError(
                    f"PORT={port} on {host} is in use by another program. Choose another: PORT={port + 1} make run"
                ) from error
            raise CommandError(f"HOST={host!r}, PORT={port} cannot be used: {error}") from error
