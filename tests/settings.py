"""The settings under test: the real ones, with services of the tests' own and the deterministic encoder."""

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")

os.environ["AKIN_DATA_DIR"] = os.environ.get("TEST_DATA_DIR") or str(_ROOT / "var" / "test")
os.environ["AKIN_ENCODER"] = "fake"
os.environ["AKIN_WAKE_WORKERS"] = "false"
os.environ["AKIN_ENCODER_THREADS"] = "1"
os.environ["AKIN_RATE_LIMIT"] = "0"
os.environ["AKIN_SLOW_QUERY_MS"] = "0"
os.environ["AKIN_PRIVATE_ENDPOINTS"] = "true"
for _name in ("TEST_DATA_DIR", "AKIN_HTTPS", "ALLOWED_HOSTS", "DEBUG", "LOG_LEVEL", "PORT"):
    os.environ.pop(_name, None)

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATABASES, REDIS_URL, STATIC_ROOT, STORAGES  # noqa: E402

# The cluster itself is durable as in production; the tests' commits need not wait for the disk.
DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
WHITENOISE_USE_FINDERS = True  # static files come from where they were written; nothing is collected
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CACHES["default"]["KEY_PREFIX"] = f"akin-test-{_WORKER}"
if not REDIS_URL:
    CACHES["default"]["LOCATION"] = f"{CACHES['default']['LOCATION']}?db={int(_WORKER) + 1}"
