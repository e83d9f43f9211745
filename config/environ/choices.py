"""What an operator may choose, read from the environment; each becomes a setting. docs/settings.md is the table."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from marshmallow import validate

from config.environ import databases, environment
from config.environ.secret_key import kept_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent.parent

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
AKIN_LOG_FORMAT = environment.choice(
    "AKIN_LOG_FORMAT", "line", "Lines for people, or one JSON object a line for programs.", among=["line", "json"]
)
AKIN_LOG_REQUESTS = environment.boolean(
    "AKIN_LOG_REQUESTS", False, "Logs every request: method, path without its query, status, milliseconds."
)
AKIN_SLOW_QUERY_MS = environment.integer(
    "AKIN_SLOW_QUERY_MS",
    1_000,
    "Milliseconds after which a statement of the database is logged with its plan; 0 is never.",
    at_least=0,
    at_most=3_600_000,
)
AKIN_TRACES = environment.boolean(
    "AKIN_TRACES",
    False,
    "Sends OpenTelemetry traces to where the usual `OTEL_…` variables say; needs requirements-traces.lock.",
)

AKIN_DATA_DIR = environment.folder(
    "AKIN_DATA_DIR",
    BASE_DIR / "var",
    "What Akin keeps: the embedded services' data, the converted model, the key below.",
    shown_default="var",
)
AKIN_MODELS = environment.folder(
    "AKIN_MODELS",
    BASE_DIR / "models",
    "Models that were converted beforehand, by `manage.py convert_model`; only read.",
    shown_default="models",
)
DATABASE_URL = environment.address(
    "DATABASE_URL",
    "PostgreSQL 16 or later with pgvector 0.8.4 or later.",
    schemes=["postgresql", "postgres"],
    shown_default="the embedded PostgreSQL",
)
DATABASE_PASSWORD = environment.secret(
    "DATABASE_PASSWORD",
    "The password of the account in `DATABASE_URL`, which then names none.",
    shown_default="that of the URL",
    at_least=1,
)
DATABASE_DIRECT_URL = environment.address(
    "DATABASE_DIRECT_URL",
    "The same database past the pooler, such as PgBouncer, that `DATABASE_URL` then names: for locks and index builds.",
    schemes=["postgresql", "postgres"],
    shown_default="there is no pooler",
)
DATABASE_STANDBY_URLS = environment.addresses(
    "DATABASE_STANDBY_URLS",
    "Copies of the database that follow it by streaming, separated by commas; searches are spread over them.",
    schemes=["postgresql", "postgres"],
    shown_default="there is none",
)
AKIN_STANDBY_LAG = environment.integer(
    "AKIN_STANDBY_LAG", 5, "Seconds that a copy may be behind and still answer searches.", at_least=1, at_most=3600
)
AKIN_PARTITIONS = environment.integer(
    "AKIN_PARTITIONS",
    0,
    "Partitions of items and passages by collection, which `manage.py partition` makes; a new database begins so.",
    at_least=0,
    at_most=1_000,
)
REDIS_URL = environment.address(
    "REDIS_URL",
    "Redis, for messages to the workers and the cache.",
    schemes=["redis", "rediss", "unix"],
    shown_default="the embedded Redis",
)
REDIS_PASSWORD = environment.secret(
    "REDIS_PASSWORD",
    "The password of `REDIS_URL`, which then names none.",
    shown_default="that of the URL",
    at_least=1,
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
    "WEB_QUEUE",
    64,
    "Requests that may wait for a thread, and as many more that change something; others are answered 503 at once.",
    at_least=1,
    at_most=10_000,
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
AKIN_CORS_ORIGINS = environment.names(
    "AKIN_CORS_ORIGINS",
    [],
    "Web sites whose pages may ask the API from a browser, like `https://shop.example.org`; `*` is every site.",
    check=validate.Regexp(r"(https?://[^/*]+|\*)\Z", error="It has to look like https://shop.example.org, or be *."),
)
AKIN_METRICS_TOKEN = environment.secret(
    "AKIN_METRICS_TOKEN",
    "What Prometheus sends as `Authorization: Bearer …` to read `/metrics` from another machine.",
    shown_default="this machine alone reads them",
    at_least=20,
)
AKIN_CHAT_URL = environment.address(
    "AKIN_CHAT_URL",
    "Endpoint like OpenAI's /v1/chat/completions, or its root, that answers people who are signed in from passages.",
    schemes=["https", "http"],
    shown_default="none: the page shows the prompt alone",
)
AKIN_CHAT_MODEL = environment.text("AKIN_CHAT_MODEL", "", "The language model that is asked for there.")
AKIN_CHAT_KEY = environment.secret("AKIN_CHAT_KEY", "Its key.", shown_default="none", at_least=1)
AKIN_PRIVATE_ENDPOINTS = environment.boolean(
    "AKIN_PRIVATE_ENDPOINTS",
    False,
    "Lets endpoints of embeddings and of the language model be on this machine or in its private network.",
)
ENDPOINT_KEYS = environment.endpoint_keys()
environment.refuse_unknown()
