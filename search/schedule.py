"""What beat sends for the rooms of search, and to which queue. A message that comes too late is dropped."""

from __future__ import annotations

from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "release-expired": {"task": "embedding.release_expired", "schedule": 5.0, "options": {"expires": 5}},
    "embed-due": {"task": "embedding.embed_pending", "schedule": 5.0, "options": {"expires": 5}},
    "sweep": {"task": "embedding.sweep", "schedule": 300.0, "options": {"expires": 300}},
    "check-duplicates": {"task": "duplicates.check_embedded", "schedule": 10.0, "options": {"expires": 10}},
    "keep-ready": {"task": "retrieval.keep_ready", "schedule": 20.0, "options": {"expires": 20}},
    "compare-waiting": {"task": "evaluation.compare_waiting", "schedule": 20.0, "options": {"expires": 20}},
    "insight-waiting": {"task": "insight.do_waiting", "schedule": 20.0, "options": {"expires": 20}},
    "insight-current": {"task": "insight.keep_current", "schedule": 15.0, "options": {"expires": 15}},
    "fold-changes": {"task": "retrieval.fold_changes", "schedule": 600.0, "options": {"expires": 600}},
    "forget-events": {"task": "insight.forget_events", "schedule": 900.0, "options": {"expires": 900}},
    "calibrate": {"task": "retrieval.calibrate", "schedule": 300.0, "options": {"expires": 300}},
}

# The workers that embed have the model loaded, and no long job of the other queue delays them.
ROUTES = {name: {"queue": "embedding"} for name in ("embedding.embed_pending", "retrieval.calibrate")}
