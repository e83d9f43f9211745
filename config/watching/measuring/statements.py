"""Every statement of every connection: how long it took, who asked, and the plan of one that took too long."""

from __future__ import annotations

import logging
import re
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.db.backends.signals import connection_created
from django.dispatch import Signal

from config.watching.measuring import meters

logger = logging.getLogger("akin.slow")

ran = Signal()  # `asked_by`, `seconds`, `sql` of each statement

OWN_PACKAGES: Final = ("catalog.", "search.")
PASSES_ON: Final = "search.retrieval.ranking.index_query"  # runs the statements of others
MAX_STATEMENT: Final = 4_000  # characters in the log
SECONDS_BETWEEN_PLANS: Final = 10.0  # of a process: where all is slow, plans must not make it slower

SETTINGS: Final = re.compile(r"(?:\s*(?:SET LOCAL |SELECT set_config\()[^;]*;)*")
EXPLAINED: Final = re.compile(r"\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE|MERGE)\b", re.IGNORECASE)
LITERAL: Final = re.compile(r"'(?:[^']|'')*'")


def connect() -> None:
    """Measures all connections that are made from now on."""
    connection_created.connect(_measure, dispatch_uid="config.measuring.statements")


def _measure(sender: Any, connection: Any, **kwargs: Any) -> None:
    """As the outermost, because blocks that wrap statements take away the last one when they end."""
    if measured not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, measured)


def measured(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Wraps the running of a statement."""
    started = time.perf_counter()
    try:
        result = execute(sql, params, many, context)
    finally:
        seconds = time.perf_counter() - started
        asker = asked_by(sys._getframe(1))  # noqa: SLF001 - there is no public way that is as cheap
        meters.STATEMENT.labels(asker).observe(seconds)
        ran.send(sender=None, asked_by=asker, seconds=seconds, sql=sql)
    if 0 < settings.AKIN_SLOW_QUERY_MS < seconds * 1_000:
        _slow_log.note(str(sql), None if many else params, asker, seconds)
    return result


def asked_by(frame: FrameType | None) -> str:
    """The nearest function of Akin's own, as `module.function`."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(OWN_PACKAGES) and module != PASSES_ON:
            return f"{module.rpartition('.')[2]}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "other"


class _SlowLog:
    """Notes slow statements with their plans, in which every literal is hidden: they are people's texts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned_at = float("-inf")
        self._is_noting = threading.local()

    def note(self, sql: str, params: Any, asker: str, seconds: float) -> None:
        if getattr(self._is_noting, "yes", False):  # the plan itself
            return
        meters.SLOW.inc()
        self._is_noting.yes = True
        try:
            plan = _plan(sql, params) if self._may_plan() else "(not asked for again so soon)"
        finally:
            self._is_noting.yes = False
        milliseconds, statement = round(seconds * 1_000), _hidden(" ".join(sql.split()))[:MAX_STATEMENT]
        extra = {"milliseconds": milliseconds, "asked_by": asker, "statement": statement, "plan": plan}
        message = "%s took %d ms: %s\n%s"
        logger.warning(message, asker, milliseconds, statement, plan, extra=extra)

    def _may_plan(self) -> bool:
        with self._lock:
            now = time.monotonic()
            if now - self._planned_at < SECONDS_BETWEEN_PLANS:
                return False
            self._planned_at = now
            return True

    def reset(self) -> None:
        """Lets the next slow statement have its plan."""
        self._planned_at = float("-inf")


_slow_log = _SlowLog()
forget = _slow_log.reset


def _plan(sql: str, params: Any) -> str:
    """How PostgreSQL would run the statement now, with the settings that it brought along; of one statement only, as
    what follows another would be run once more."""
    found = SETTINGS.match(sql)
    start = found.end() if found else 0
    is_one = ";" not in LITERAL.sub("", sql[start:])
    if not is_one or not EXPLAINED.match(sql, start) or connection.needs_rollback:
        return "(no plan)"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"{sql[:start]} EXPLAIN {sql[start:]}", params)
            while cursor.nextset():
                pass
            return _hidden("\n".join(str(row[0]) for row in cursor.fetchall()))
    except (DatabaseError, InterfaceError) as error:
        return f"(no plan: {type(error).__name__})"


def _hidden(text: str) -> str:
    return LITERAL.sub("'…'", text)
