"""waitress' parser with a limit of the request line, and without what may be read in two ways."""

from __future__ import annotations

import copy
import time
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError

from config.server.limits import BODY_BYTES_A_SECOND, BODY_SECONDS, HEADER_SECONDS, LINE_BYTES, body_bytes
from config.server.refusals import Refusal

SESSION = "sessionid="  # the cookie of who may be signed in, by Django's usual name


class Parser(HTTPRequestParser):
    """One request while it arrives. Knows when it began."""

    adj: Any
    error: Any
    completed: bool

    def __init__(self, adjustments: Any) -> None:
        super().__init__(adjustments)
        self.began = time.monotonic()
        self.first_line = b""

    def received(self, data: bytes) -> int:
        if self.body_rcv is None and not self.completed:
            head = (self.header_plus + data[: LINE_BYTES + 2]).lstrip(b"\r\n")
            self.first_line = head.partition(b"\r\n")[0]
            if len(self.first_line) > LINE_BYTES:
                self.error = Refusal(414, f"at most {LINE_BYTES:,} bytes")
                self.completed = self.headers_finished = True
                return len(data)
        consumed: int = super().received(data)
        if self.error is not None and not isinstance(self.error, Refusal):
            self.error = Refusal(self.error.code)
        return len(data) if self.error else consumed  # nothing after a refused request is taken for another one

    def parse_header(self, header_plus: bytes) -> None:
        """Refuses a body of two lengths, chunks in HTTP/1.0, and an address with a NUL."""
        if self.header_bytes_received >= self.adj.max_request_header_size:
            return  # waitress parses a made-up line before it refuses them
        super().parse_header(header_plus)
        if (self.chunked and "CONTENT_LENGTH" in self.headers) or "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("The length of the body is not clear")
        if "\0" in self.path:
            raise ParsingError("NUL in the path")
        if self.body_rcv is not None:
            has_session = SESSION in self.headers.get("COOKIE", "")
            self.adj = copy.copy(self.adj)
            self.adj.max_request_body_size = body_bytes(self.path, has_session=has_session) + 1

    def is_late(self) -> bool:
        """Whether the rest of it has been waited for long enough."""
        allowed = HEADER_SECONDS
        if self.headers_finished:
            allowed = BODY_SECONDS + self.body_bytes_received / BODY_BYTES_A_SECOND
        return time.monotonic() - self.began > allowed
