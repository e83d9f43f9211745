"""One session of PostgreSQL for what outlasts a transaction: locks that are held meanwhile, settings of an index build.

Behind a pooler of transactions, such as PgBouncer, the usual connection is another session from one to the next.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


class _Open(threading.local):
    """This thread's session past the pooler, while somebody uses it."""

    session: BaseDatabaseWrapper | None = None


_open = _Open()


@contextmanager
def lasting_session() -> Iterator[BaseDatabaseWrapper]:
    """The usual connection, or one past the pooler of DATABASE_DIRECT_URL. Within another it is the same."""
    direct = connection.settings_dict.get("DIRECT")
    if direct is None or _open.session is not None:
        yield _open.session or connection
        return
    own = connection.copy()
    own.settings_dict |= {**direct, "NAME": connection.settings_dict["NAME"]}
    _open.session = own
    try:
        yield own
    finally:
        _open.session = None
        own.close()
