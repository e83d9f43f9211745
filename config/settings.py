"""All settings, from the environment alone. docs/settings.md is the table of them."""

from __future__ import annotations

import ipaddress
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from marshmallow import validate

from config.environ import databases, environment
from config.environ.secret_key import kept_secret_key
from config.unfold import UNFOLD  # noqa: F401 - unfold reads it here

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = environment.boolean("DEBUG", False, "Shows errors with their source to everybody. Never in production.")
HOST = environment.text("HOST", "127.0.0.1", "Where the web server listens; 0.0.0.0 is every network interface.")
PORT = environment.integer("PORT", 8000, "The web server's port.", at_least=1, at_most=65535)
ALLOWED_HOSTS = environment.names(
    "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"], "The host names that requests may ask for."
)
CSRF_TRUSTED_ORIGINS = environment.names(
    "CSRF_TRUSTED_ORIGINS",
    [],
    "The origins that forms may come from, for a proxy that changes the host name, like `https://akin.example.org`.",
    check=validate.Regexp(r"https?://[^/]+\Z", error="It has to look like https://akin.example.org."),
)
AKIN_HTTPS = environment.boolean(
    "AKIN_HTTPS", False, "Served through HTTPS: cookies are sent no other way, and X-Forwarded-Proto is believed."
)
LOG_LEVEL = environment.choice(
    "LOG_LEVEL", "INFO", "What is logged.", among=["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
)

AKIN_DATA_DIR = environment.folder(
    "AKIN_DATA_DIR",
    BASE_DIR / "var",
    "What Akin keeps: the embedded services' data, the converted model, the key below.",
    shown_default="var",
)
DATABASE_URL = environment.address(
    "DATABASE_URL",
    "PostgreSQL 16 or later with pgvector 0.8.4 or later.",
    schemes=["postgresql", "postgres"],
    shown_default="the embedded PostgreSQL",
)
REDIS_URL = environment.address(
    "REDIS_URL",
    "Redis, for messages to the workers and the cache.",
    schemes=["redis", "rediss", "unix"],
    shown_default="the embedded Redis",
)
EMBEDDED_SERVICES = databases.embedded_services(DATABASE_URL, REDIS_URL)
SECRET_KEY = environment.secret(
    "SECRET_KEY",
    "Signs sessions. Without it one is made and kept in the data directory.",
    shown_default="made once, kept in the data directory",
    at_least=50,
) or kept_secret_key(AKIN_DATA_DIR)

WEB_PROCESSES = environment.integer(
    "WEB_PROCESSES", 1, "Processes of the web server; each has the model in memory.", at_least=1, at_most=64
)
WEB_THREADS = environment.integer(
    "WEB_THREADS", 8, "Threads of each, so many requests at a time.", at_least=1, at_most=128
)
WEB_QUEUE = environment.integer(
    "WEB_QUEUE", 64, "Requests that may wait for a thread; more are answered 503 at once.", at_least=1, at_most=10_000
)
AKIN_DATABASE_POOL = environment.integer(
    "AKIN_DATABASE_POOL",
    0,
    "Database connections that a process shares among its threads; 0 gives each thread its own.",
    at_least=0,
    at_most=200,
    shown_default="WEB_THREADS + 1 in the web server, else 0",
)
AKIN_ENCODER = environment.choice(
    "AKIN_ENCODER",
    "sentence-transformers",
    "The kind of the first embedding space's encoder; `fake` is for tests.",
    among=["sentence-transformers", "fake"],
)
AKIN_ENCODER_THREADS = environment.integer(
    "AKIN_ENCODER_THREADS",
    len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    "Processor threads of each loaded model; a query takes one.",
    at_least=1,
    at_most=256,
    shown_default="the processors there are",
)
AKIN_ENCODER_BATCH_SIZE = environment.integer(
    "AKIN_ENCODER_BATCH_SIZE", 32, "Texts that the model takes at a time.", at_least=1, at_most=1024
)
AKIN_RERANK_MODEL = environment.text(
    "AKIN_RERANK_MODEL", "", "Cross-encoder, by name or path, for collections whose search settings have `rerank`."
)
AKIN_RERANK_MILLISECONDS = environment.integer(
    "AKIN_RERANK_MILLISECONDS", 300, "What the cross-encoder may take of one search.", at_least=10, at_most=60_000
)
AKIN_WAKE_WORKERS = environment.boolean(
    "AKIN_WAKE_WORKERS", True, "Tells the workers of changes at once; otherwise they look every few seconds."
)
AKIN_RATE_LIMIT = environment.integer(
    "AKIN_RATE_LIMIT",
    600,
    "Requests a minute from one address without an API key and not signed in; 0 is no limit.",
    at_least=0,
    at_most=1_000_000,
)
AKIN_TRUSTED_PROXIES = environment.names(
    "AKIN_TRUSTED_PROXIES",
    [],
    "Addresses or networks of proxies, like `10.0.0.0/8`, whose X-Forwarded-For says where a request comes from.",
    check=validate.And(
        validate.Regexp(r"[0-9a-fA-F.:]+(/\d{1,3})?\Z", error="It has to look like 10.0.0.0/8."),
        lambda name: bool(ipaddress.ip_network(name, strict=False)),
    ),
)
AKIN_METRICS_TOKEN = environment.secret(
    "AKIN_METRICS_TOKEN",
    "What Prometheus sends as `Authorization: Bearer …` to read `/metrics` from another machine.",
    shown_default="this machine alone reads them",
    at_least=20,
)
AKIN_PRIVATE_ENDPOINTS = environment.boolean(
    "AKIN_PRIVATE_ENDPOINTS", False, "Lets embedding endpoints be on this machine or in its private network."
)
environment.refuse_unknown()

INSTALLED_APPS = [
    "config",
    "catalog",
    "search",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "csp",
    "django_htmx",
    "import_export",
    "ninja",
    "pgtrigger",
    "axes",
]

MIDDLEWARE = [
    "config.watching.metrics.LatencyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.http.content_security.PolicyMiddleware",
    "config.http.limits.UploadLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.http.limits.RateLimitMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.http.nul.NulMiddleware",
    "catalog.pages.error_pages.ErrorPageMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

DATABASES = {"default": databases.database(DATABASE_URL, AKIN_DATA_DIR, pool_size=AKIN_DATABASE_POOL)}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": databases.redis_url(REDIS_URL, AKIN_DATA_DIR),
        "KEY_PREFIX": "akin-cache",
        # A search must not wait long for a cache; without one it only encodes again.
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"  # also where a refused `next` leads

# Failed sign-ins are counted in PostgreSQL: of an account from anywhere, and of an address for any account.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "catalog.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "config.http.limits.locked_out"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = AKIN_DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = AKIN_DATA_DIR / "media"

# No inline script or style runs unless it carries the request's nonce; config.http.content_security widens it for
# the admin.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "https:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = AKIN_HTTPS
if AKIN_HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 60 * 60 * 24 * 30
    SECURE_SSL_REDIRECT = True
    # Health checks and Prometheus come from inside, past the proxy.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
# Sub-domains and browsers' lists bind a whole domain for long: for whoever has it to decide, at the proxy.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024  # a bulk request of 1,000 items

CELERY_BROKER_URL = databases.broker_url(REDIS_URL, AKIN_DATA_DIR)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"level": LOG_LEVEL},
        "django.db.backends": {"level": "INFO"},
        # What the model libraries say while they convert a model is about their own code.
        **{name: {"level": "ERROR"} for name in ("py.warnings", "nncf", "optimum", "sentence_transformers")},
        "httpx": {"level": "WARNING"},
        "waitress.queue": {"level": "ERROR"},  # says how many wait, at each request
    },
}
