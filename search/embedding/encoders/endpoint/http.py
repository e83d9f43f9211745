"""Encoders elsewhere: an endpoint that answers like OpenAI's /v1/embeddings.

Options of the space: `url` (ends in /embeddings, or the endpoint's root), `api_key_env` (name of the environment
variable with the key, AKIN_…_KEY, which is never stored, or whose AKIN_…_KEY_FILE names a file with it), `batch_size`,
`timeout` in seconds, at most 45, `max_tokens`, `send_dimensions`.
"""

from __future__ import annotations

import os
import random
import re
import time
from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import numpy.typing as npt
from django.conf import settings

from search.embedding.encoders.endpoint.circuit import CircuitBreaker
from search.embedding.encoders.endpoint.public_network import PrivateAddressError, guarded_client
from search.embedding.encoders.port import Vectors, checked
from search.embedding.text import Offsets
from search.errors import EncoderRefused, EncoderUnavailable
from search.models import EmbeddingSpace

RETRIES = 2  # of one request, within PATIENCE_SECONDS
MAX_TIMEOUT = 45.0  # seconds of a request: with PATIENCE_SECONDS it ends before the lease of its items does
PATIENCE_SECONDS = 10.0  # a longer Retry-After is waited for by the rows, not by the worker
CHARACTERS_PER_TOKEN = 3  # assumed, because a remote tokenizer cannot be asked
REFUSED = (400, 413, 414, 422)  # of the texts; 401, 403 and 404 are of the configuration, and every item has to wait

# Other variables of the environment are no endpoint's business, nor is the language model's key.
KEY_NAME = re.compile(r"AKIN_(?!CHAT_KEY)[A-Z0-9_]+_KEY")


class HttpEncoder:
    """Embeds through HTTP, in batches. Errors that may heal are EncoderUnavailable, refused texts EncoderRefused."""

    WORD = re.compile(r"\S+")

    def __init__(self, space: EmbeddingSpace) -> None:
        options = space.options
        self.dimensions = space.dimensions
        self.max_tokens = int(options.get("max_tokens", 512))
        self._space = space
        self._url = _endpoint(str(options.get("url", "")))
        self._batch_size = int(options.get("batch_size", 64))
        timeout = min(float(options.get("timeout", 30)), MAX_TIMEOUT)
        self._client = guarded_client(timeout, _headers(options))
        self._circuit = CircuitBreaker()

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """Pieces of words of a few characters each stand for the tokens that only the endpoint knows."""
        return [[piece for word in self.WORD.finditer(text) for piece in _pieces(word.span())] for text in texts]

    def whole_words(self, words: Sequence[str]) -> set[str] | None:
        return None

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._space.document_prefix + text for text in texts])

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        vector: npt.NDArray[np.float32] = self._encode([self._space.query_prefix + text], retries=0)[0]
        return vector

    def _encode(self, texts: list[str], retries: int = RETRIES) -> Vectors:
        batches = [texts[start : start + self._batch_size] for start in range(0, len(texts), self._batch_size)]
        return checked(np.concatenate([self._request(part, retries) for part in batches]), len(texts), self.dimensions)

    def _request(self, texts: list[str], retries: int) -> Vectors:
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._circuit.check()
        for attempt in range(retries + 1):
            try:
                vectors = self._post(texts)
            except _BusyError as busy:
                pause = busy.seconds if busy.seconds is not None else (0.5 + random.random()) * 2**attempt
                if attempt == retries or time.monotonic() + pause > deadline:
                    self._circuit.record_failure(busy.seconds)
                    raise EncoderUnavailable(str(busy)) from busy
                time.sleep(pause)
            else:
                self._circuit.record_success()
                return vectors
        raise AssertionError("unreachable")

    def _post(self, texts: list[str]) -> Vectors:
        body: dict[str, Any] = {"model": self._space.model, "input": texts, "encoding_format": "float"}
        if self._space.options.get("send_dimensions"):
            body["dimensions"] = self.dimensions
        try:
            response = self._client.post(self._url, json=body)
        except httpx.HTTPError as error:
            raise _BusyError(f"The endpoint does not answer: {type(error).__name__}.") from error
        except PrivateAddressError as error:
            raise EncoderUnavailable(
                "The endpoint's address is not public; AKIN_PRIVATE_ENDPOINTS=true allows such."
            ) from error
        if response.status_code == 429 or response.status_code >= 500:
            raise _BusyError(f"The endpoint answered {response.status_code}.", _retry_after(response))
        if response.status_code in REFUSED:
            raise EncoderRefused(f"The endpoint answered {response.status_code}.")
        if response.status_code != 200:
            raise EncoderUnavailable(f"The endpoint answered {response.status_code}.")
        return _vectors(response, self.dimensions)


class _BusyError(Exception):
    """The endpoint may answer later; `seconds` is when, if it said so."""

    def __init__(self, message: str, seconds: float | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds


def _endpoint(url: str) -> str:
    if not re.match(r"https?://", url):
        raise ValueError("The space's option 'url' has to be the address of the endpoint.")
    return url if url.rstrip("/").endswith("/embeddings") else f"{url.rstrip('/')}/embeddings"


def _headers(options: dict[str, Any]) -> dict[str, str]:
    name = options.get("api_key_env")
    if not name:
        return {}
    if not KEY_NAME.fullmatch(str(name)):
        raise ValueError("The space's option 'api_key_env' has to be a name like AKIN_EMBEDDING_KEY: AKIN_…_KEY.")
    key = os.environ.get(name) or settings.ENDPOINT_KEYS.get(name)
    if not key:
        raise ValueError(f"The environment variable {name} with the endpoint's key is not set.")
    return {"Authorization": f"Bearer {key}"}


def _pieces(span: tuple[int, int]) -> list[tuple[int, int]]:
    starts = range(*span, CHARACTERS_PER_TOKEN)
    return [(start, min(start + CHARACTERS_PER_TOKEN, span[1])) for start in starts]


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, where the answer names them; dates are not worth a clock."""
    value = response.headers.get("Retry-After", "")
    return min(float(value), 3_600.0) if re.fullmatch(r"\d+(\.\d+)?", value) else None


def _vectors(response: httpx.Response, dimensions: int) -> Vectors:
    """The vectors in the order of the texts, cut to the space's dimensions (Matryoshka) and of length one."""
    try:
        rows = sorted(response.json()["data"], key=lambda row: int(row["index"]))
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)[:, :dimensions]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise EncoderRefused("The endpoint's answer holds no vectors.") from error
    if not np.isfinite(vectors).all():
        raise EncoderRefused("The endpoint returned values that are not finite.")
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return unit
