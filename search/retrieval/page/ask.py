"""The page that makes a prompt of a question: its passages, numbered to be cited, and what a language model answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from catalog.access import actor_of_user, readable_collection
from catalog.models import Collection
from search.errors import EncoderUnavailable
from search.retrieval.context import chat
from search.retrieval.context.gathering import EMPTY, Context, gather
from search.retrieval.context.prompt import Message, Part, as_text, messages_of, parts_of, unknown_citations
from search.retrieval.types import MAX_QUERY_LENGTH

BUDGETS: Final = (1_000, 2_000, 4_000, 8_000)  # tokens
DEFAULT_BUDGET: Final = 2_000
LIMIT: Final = 20
NEIGHBOURS: Final = 1


@dataclass(slots=True)
class Asked:
    """The page as data. `parts` are the answer's, once there is one; `problem` says why there is none."""

    question: str
    budget: int
    context: Context = EMPTY
    messages: list[Message] = field(default_factory=list)
    parts: Sequence[Part] = ()
    unknown: Sequence[int] = ()
    problem: str = ""
    status: int = 200

    @property
    def prompt(self) -> str:
        return as_text(self.messages)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """GET shows the prompt; POST, of people who are signed in, also has it answered."""
    actor = actor_of_user(request.user)
    collection = readable_collection(actor, slug)
    asked = _asked(collection, request)
    may_answer = chat.is_configured() and request.user.is_authenticated
    if request.method == "POST" and may_answer and asked.context.passages:
        _answer(asked)
    context = {
        "collection": collection,
        "asked": asked,
        "budgets": BUDGETS,
        "may_answer": may_answer,
        "is_configured": chat.is_configured(),
    }
    return render(request, "search/ask.html", context, status=asked.status)


def _asked(collection: Collection, request: HttpRequest) -> Asked:
    params = request.POST if request.method == "POST" else request.GET
    question = params.get("q", "").replace("\x00", "").strip()
    budget = params.get("tokens", "")
    asked = Asked(question, int(budget) if budget in map(str, BUDGETS) else DEFAULT_BUDGET)
    if len(question) > MAX_QUERY_LENGTH:
        asked.question = question[:MAX_QUERY_LENGTH]
        asked.problem, asked.status = f"A question has at most {MAX_QUERY_LENGTH:,} characters.", 413
    elif question:
        _gather(collection, asked)
    return asked


def _gather(collection: Collection, asked: Asked) -> None:
    try:
        asked.context = gather(
            collection=collection,
            query_text=asked.question,
            limit=LIMIT,
            neighbours=NEIGHBOURS,
            max_tokens=asked.budget,
            is_strict=True,
        )
    except EncoderUnavailable:
        asked.problem, asked.status = "Passages cannot be found for the moment; try again in a minute.", 503
        return
    if asked.context.passages:
        asked.messages = messages_of(asked.question, asked.context.text)


def _answer(asked: Asked) -> None:
    try:
        answer = chat.ask(asked.messages)
    except chat.AnswerUnavailable as error:
        asked.problem, asked.status = error.message, error.status
        return
    number = len(asked.context.passages)
    asked.parts = tuple(parts_of(answer, number))
    asked.unknown = unknown_citations(answer, number)
