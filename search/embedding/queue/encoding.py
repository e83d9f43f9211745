"""The vectors of items' texts: cut into passages, each different text encoded once, a mean for the whole item."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from search.embedding.encoders.registry import Encoder, Vectors
from search.embedding.queue.claims import Claimed
from search.embedding.queue.pace import Pace
from search.embedding.queue.vector_store import Encoded
from search.embedding.text import Span, embedded_text, embedded_values, passage_spans, span_lengths
from search.timing import stage


@stage("embedding.encode")
def encode(
    encoder: Encoder, rows: Sequence[Claimed], *, pace: Pace, between: Callable[[], None] = lambda: None
) -> list[Encoded]:
    """One vector for a text that fits the model, else one for each part and their mean.

    `between` is called between two calls of the model, and may raise.
    """
    texts = {row.text_digest: embedded_text(row.title, row.body) + embedded_values(row.attribute_texts) for row in rows}
    spans = dict(zip(texts, _spans(encoder, list(texts.values())), strict=True))
    parts = [text[span.start : span.end] for digest, text in texts.items() for span in spans[digest]]
    vectors = _encode_parts(encoder, parts, pace, between)
    starts = np.cumsum([0, *(len(spans[digest]) for digest in texts)])
    own = {digest: vectors[start:end] for digest, start, end in zip(texts, starts, starts[1:], strict=False)}
    return [_encoded(row, spans[row.text_digest], own[row.text_digest]) for row in rows]


def _encode_parts(encoder: Encoder, parts: Sequence[str], pace: Pace, between: Callable[[], None]) -> Vectors:
    chunks: list[Vectors] = []
    start = 0
    while start < len(parts):
        if start:
            between()
        chunk = parts[start : start + pace.size]
        started = time.monotonic()
        chunks.append(encoder.encode_documents(chunk))
        pace.took(len(chunk), time.monotonic() - started)
        start += len(chunk)
    return np.concatenate(chunks)


def _spans(encoder: Encoder, texts: Sequence[str]) -> list[list[Span]]:
    """Cuts only what may be too long: a token stands for a character at least."""
    long = [n for n, text in enumerate(texts) if len(text) > encoder.max_tokens]
    spans = [[Span(0, len(text))] for text in texts]
    if long:
        for n, offsets in zip(long, encoder.token_offsets([texts[n] for n in long]), strict=True):
            spans[n] = passage_spans(texts[n], offsets, encoder.max_tokens)
    return spans


def _encoded(row: Claimed, spans: list[Span], vectors: Vectors) -> Encoded:
    """The spans kept are those of title and body; a passage of nothing but attribute values has an empty one."""
    end = len(embedded_text(row.title, row.body))
    kept = [Span(min(span.start, end), min(span.end, end)) for span in spans]
    if len(spans) == 1:
        return Encoded(row, kept, vectors)
    whole = span_lengths(spans) @ vectors
    whole /= max(float(np.linalg.norm(whole)), 1e-9)
    return Encoded(row, [Span(0, end), *kept], np.vstack([whole, vectors]))
