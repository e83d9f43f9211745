"""What the server itself answers, before Django sees a request: JSON under /api, a line of text elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from config.server.limits import RETRY_AFTER_SECONDS

MESSAGES = {
    400: ("bad_request", "The request is not valid HTTP"),
    408: ("timeout", "The request was not sent in time"),
    413: ("too_large", "The body is too large"),
    414: ("uri_too_long", "The address is too long; POST takes longer queries"),
    431: ("headers_too_large", "The headers are too large"),
    500: ("internal", "Something went wrong here. It has been logged"),
    501: ("not_implemented", "This transfer encoding is not supported"),
    503: ("overloaded", "Too many requests at this moment. Try again shortly"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer by status; `detail` is added to the message."""

    status: int
    detail: str = ""

    def to_bytes(self, first_line: bytes) -> bytes:
        """The whole response, after which the connection is closed."""
        code, message = MESSAGES[self.status]
        text = f"{message}: {self.detail}." if self.detail else f"{message}."
        is_api = b" /api/" in first_line[:64]
        error = {"error": {"code": code, "message": text, "details": None}}
        body = (json.dumps(error) if is_api else f"{text}\n").encode()
        lines = [
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Content-Type: {'application/json' if is_api else 'text/plain; charset=utf-8'}",
            f"Content-Length: {len(body)}",
            "X-Content-Type-Options: nosniff",
            "Connection: close",
        ]
        if self.status == 503:
            lines.append(f"Retry-After: {RETRY_AFTER_SECONDS}")
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + (b"" if first_line.startswith(b"HEAD ") else body)
