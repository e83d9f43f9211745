"""Django's settings. Nothing but the environment changes them: see config.environ.choices."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from csp.constants import NONCE, NONE, SELF

from config.environ import databases
from config.environ.choices import *
from config.unfold import UNFOLD  # noqa: F401 - unfold reads it here
from config.watching.logs import logging_settings

INSTALLED_APPS = [
    "config",
    "catalog",
    "search",
    "search.evaluation",  # its commands
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
    "corsheaders",
    "csp",
    "django_htmx",
    "import_export",
    "ninja",
    "pgtrigger",
    "axes",
]

MIDDLEWARE = [
    "config.watching.request_ids.RequestIdMiddleware",
    "config.watching.metrics.LatencyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
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
    "config.http.readers.ReaderMiddleware",
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

DATABASES = {
    "default": databases.database(
        DATABASE_URL,
        AKIN_DATA_DIR,
        pool_size=AKIN_DATABASE_POOL,
        password=DATABASE_PASSWORD,
        direct_url=DATABASE_DIRECT_URL,
    )
}
_standbys = databases.standbys(DATABASE_STANDBY_URLS, pool_size=AKIN_DATABASE_POOL, password=DATABASE_PASSWORD)
DATABASES |= _standbys
AKIN_STANDBYS = tuple(_standbys)

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": databases.redis_url(REDIS_URL, AKIN_DATA_DIR, password=REDIS_PASSWORD),
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
STATICFILES_DIRS = [BASE_DIR / "static", *(path for path in [BASE_DIR / "vendor"] if path.is_dir())]
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
# The API alone answers other sites, and never with cookies: a page of theirs needs a key of its own.
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_ALL_ORIGINS = "*" in AKIN_CORS_ORIGINS
CORS_ALLOWED_ORIGINS = [origin for origin in AKIN_CORS_ORIGINS if origin != "*"]
CORS_EXPOSE_HEADERS = ["Retry-After", "RateLimit", "RateLimit-Policy", "X-Request-ID"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 32 * 1024 * 1024  # a bulk request of 1,000 items

CELERY_BROKER_URL = databases.broker_url(REDIS_URL, AKIN_DATA_DIR, password=REDIS_PASSWORD)

LOGGING = logging_settings(LOG_LEVEL, AKIN_LOG_FORMAT)
