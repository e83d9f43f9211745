"""Where the tests' database is, for processes that a test starts."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django.db import connection


def database_url(*, host: str = "", port: int = 0) -> str:
    """A DATABASE_URL of the tests' database, there or where the tests themselves find it."""
    found = connection.settings_dict
    account = quote(found["USER"])
    if found["PASSWORD"]:
        account += f":{quote(found['PASSWORD'], safe='')}"
    place = {"host": host or found["HOST"], "port": port or found["PORT"]}
    return f"postgresql://{account}@/{found['NAME']}?{urlencode({name: at for name, at in place.items() if at})}"
