"""A language model behind an endpoint like OpenAI's /v1/chat/completions, where the settings name one."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

import httpx
from django.conf import settings

from search.embedding.encoders.endpoint.public_network import PrivateAddressError, guarded_client
from search.errors import SearchError
from search.retrieval.context.prompt import Message

TIMEOUT: Final = 45.0  # seconds for the connection, and between two pieces of the answer
PATIENCE: Final = 90.0  # seconds for all of it
MAX_ANSWER: Final = 1_000_000  # bytes
AT_ONCE: Final = 2  # questions of a process: each holds one of its threads
PATH: Final = "/chat/completions"

_turns = threading.BoundedSemaphore(AT_ONCE)


class AnswerUnavailable(SearchError):
    """The language model does not answer."""

    code = "answer_unavailable"
    status = 503


def is_configured() -> bool:
    return bool(settings.AKIN_CHAT_URL)


def ask(messages: list[Message]) -> str:
    """The model's answer. Raises AnswerUnavailable."""
    if not is_configured():
        raise AnswerUnavailable("No language model is set up here.")
    if not _turns.acquire(blocking=False):
        raise AnswerUnavailable("The language model is busy with other questions; ask again in a moment.")
    try:
        return _content(_sent(messages))
    except httpx.HTTPError as error:
        raise AnswerUnavailable(f"The language model does not answer: {type(error).__name__}.") from error
    except PrivateAddressError as error:
        raise AnswerUnavailable(
            "The language model's address is not public; AKIN_PRIVATE_ENDPOINTS=true allows such."
        ) from error
    finally:
        _turns.release()


def _sent(messages: list[Message]) -> bytes:
    headers = {"Authorization": f"Bearer {settings.AKIN_CHAT_KEY}"} if settings.AKIN_CHAT_KEY else {}
    body: dict[str, Any] = {"messages": messages, "temperature": 0}
    if settings.AKIN_CHAT_MODEL:
        body["model"] = settings.AKIN_CHAT_MODEL
    with guarded_client(TIMEOUT, headers) as client, client.stream("POST", _address(), json=body) as response:
        if response.status_code != 200:
            raise AnswerUnavailable(f"The language model's endpoint answered {response.status_code}.")
        answer, until = b"", time.monotonic() + PATIENCE
        for piece in response.iter_bytes():
            answer += piece
            if len(answer) > MAX_ANSWER or time.monotonic() > until:
                raise AnswerUnavailable("The language model's answer has no end.")
    return answer


def _address() -> str:
    url = str(settings.AKIN_CHAT_URL).rstrip("/")
    return url if url.endswith(PATH) else f"{url}{PATH}"


def _content(answer: bytes) -> str:
    try:
        content = httpx.Response(200, content=answer).json()["choices"][0]["message"]["content"]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise AnswerUnavailable("The language model's endpoint sent no answer.") from error
    if not isinstance(content, str) or not content.strip():
        raise AnswerUnavailable("The language model's answer is empty.")
    return content.strip().replace("\x00", "")
