"""What one client may take of the server before its request gets a thread."""

from __future__ import annotations

import resource
from typing import Final

LINE_BYTES: Final = 16 * 1024  # the longest query in Cyrillic takes 12,000, six for a letter
HEADER_BYTES: Final = 64 * 1024
MIB: Final = 1024 * 1024
BODY_BYTES: Final = 257 * MIB  # of any path: a file for the import, and what a form writes around it
API_BYTES: Final = 4 * MIB  # the longest item at twelve bytes a character, as JSON may take
BULK_BYTES: Final = 32 * MIB
SIGN_IN_BYTES: Final = 64 * 1024
FORM_BYTES: Final = 4 * MIB  # the longest item, as a form writes it
FILE_BYTES: Final = 256 * MIB
FILES: Final = ("/import/", "/process_import/", "/add/", "/change/")  # under /admin/
UNFINISHED_BYTES: Final = 1024 * 1024 * 1024  # of all bodies that are arriving, which wait in temporary files

IDLE_SECONDS: Final = 15.0  # between two requests, and before the first
HEADER_SECONDS: Final = 10.0
BODY_SECONDS: Final = 20.0  # and as long as the bytes received take at the rate below
BODY_BYTES_A_SECOND: Final = 8 * 1024
SEND_SECONDS: Final = 60.0  # a client that takes nothing of its answer
DRAIN_SECONDS: Final = 2.0  # of what is still sent after a refusal

RETRY_AFTER_SECONDS: Final = 1
MOST_CONNECTIONS: Final = 4096
FILES_KEPT_FREE: Final = 256  # of the process's descriptors, for the database, the model and temporary files


def body_bytes(path: str, *, has_session: bool) -> int:
    """The most that a body of this path may have. Of who sends it no more is known than whether there is a cookie."""
    if path.startswith("/api/"):
        return BULK_BYTES if path.endswith("/items/bulk") else API_BYTES
    if path == "/sign-in" or path.startswith("/admin/login"):
        return SIGN_IN_BYTES
    if not path.startswith("/admin/"):
        return FORM_BYTES
    if not has_session:
        return SIGN_IN_BYTES
    return FILE_BYTES if path.endswith(FILES) else FORM_BYTES


def connections() -> int:
    """How many connections a process holds; raises its limit of open files as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + FILES_KEPT_FREE
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return (
        MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else min(MOST_CONNECTIONS, max(soft - FILES_KEPT_FREE, 64))
    )
