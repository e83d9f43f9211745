"""What is counted and timed while it happens. No label carries a slug, an id, an address or a query."""

from __future__ import annotations

from config.watching.measuring import shared

shared.open_folder()

# It reads where the folder is when it is imported.
from prometheus_client import Counter, Gauge, Histogram  # noqa: E402

from config.watching.measuring import reserved  # noqa: E402

reserved.use()

REQUEST = Histogram(
    "akin_http_request_seconds",
    "Time from a request to its response.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSED = Counter(
    "akin_http_refused", "Requests that were refused, by status: 429 rate, 503 queue full, 408.", ["status"]
)
STAGE = Histogram(
    "akin_stage_seconds",
    "Time of one step of a search, of embedding, of what is related, of a check for duplicates.",
    ["stage"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30),
)
STATEMENT = Histogram(
    "akin_statement_seconds",
    "Time of one statement of PostgreSQL, by the function that asks.",
    ["asked_by"],
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10),
)
SLOW = Counter("akin_slow_statements", "Statements that took longer than AKIN_SLOW_QUERY_MS.")
EVENTS = Counter(
    "akin_events", "What happened, by kind: items embedded, failed or postponed, degraded answers.", ["event"]
)
ANSWERS = Counter("akin_search_answers", "Answers to searches, by whether they were remembered.", ["remembered"])
TASK = Histogram(
    "akin_task_seconds",
    "Time of one task of a worker.",
    ["task", "outcome"],
    buckets=(0.01, 0.1, 1, 10, 60, 600),
)
POOL = Gauge(
    "akin_database_pool",
    "Database connections of the web server's pools: open, idle, and threads that wait for one.",
    ["state"],
    multiprocess_mode="livesum",
)
