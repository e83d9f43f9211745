"""The journey in a process of its own, by any version's code, on the tests' database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

from tests.config.deploying import journey

EXPECTED = {
    "scan": "finished",
    "states": {"pending": 0, "claimed": 0, "embedded": 9, "failed": 0},
    "found": {"hybrid": "i1", "lexical": "i1", "semantic": "i1"},
    "related": 7,
    "checked": ["i0", "twin"],
    "decided": [["i0", "twin", "dismissed"]],
}


def database_url(*, host: str = "", port: int = 0) -> str:
    """A DATABASE_URL of the tests' database, there or where the tests themselves find it."""
    found = connection.settings_dict
    account = quote(found["USER"])
    if found["PASSWORD"]:
        account += f":{quote(found['PASSWORD'], safe='')}"
    place = {"host": host or found["HOST"], "port": port or found["PORT"]}
    return f"postgresql://{account}@/{found['NAME']}?{urlencode({name: at for name, at in place.items() if at})}"


def travel_with(code: Path, slug: str, folder: Path, **variables: str) -> Any:
    """What the journey finds when the code in that folder makes it."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AKIN_")},
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "REDIS_URL": str(settings.CACHES["default"]["LOCATION"]),
        "AKIN_DATA_DIR": str(folder),
        "AKIN_ENCODER": "fake",
        "AKIN_WAKE_WORKERS": "false",
        "AKIN_RATE_LIMIT": "0",
        "ALLOWED_HOSTS": "testserver",
        "PYTHONWARNINGS": "ignore",
        **variables,
    }
    script = [sys.executable, journey.__file__, slug, str(folder)]
    done = subprocess.run(script, cwd=code, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
