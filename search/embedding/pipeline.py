"""Claim, encode, store: what a worker does with pending items, outside any transaction while it encodes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from django.db import OperationalError

from search.embedding import queue
from search.embedding.encoders import Encoder, encoder_of
from search.embedding.queue import Claimed, Encoded
from search.embedding.text import Span, embedded_text, passage_spans
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace

logger = logging.getLogger(__name__)

CLAIM_SIZE = 1_024  # rows of one claim: enough that batches of similar length waste little padding
SLICE_SIZE = 128  # rows encoded and stored at a time
SURELY_FITS = 1  # characters that a token stands for at least

TRANSIENT = (EncoderUnavailable, OperationalError, ConnectionError, TimeoutError, MemoryError)


def drain(*, seconds: float = 50, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Embeds pending items until none is due, the time is over or stopping is asked for; returns how many."""
    deadline = time.monotonic() + seconds
    embedded = 0
    while time.monotonic() < deadline and not should_stop():
        claimed = queue.claim(CLAIM_SIZE)
        if not claimed:
            break
        embedded += embed(claimed, should_stop=should_stop)
    return embedded


def embed(claimed: Sequence[Claimed], *, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Embeds claimed rows in slices, in the order of their length, and returns how many were stored."""
    waiting = sorted(claimed, key=lambda row: (row.space_id, len(row.title) + len(row.body)))
    done = len(queue.finish([row for row in waiting if row.stored_digest == row.text_digest]))
    waiting = [row for row in waiting if row.stored_digest != row.text_digest]
    spaces = EmbeddingSpace.objects.in_bulk({row.space_id for row in waiting})
    while waiting and not should_stop():
        space = spaces[waiting[0].space_id]
        size = next((n for n, row in enumerate(waiting[:SLICE_SIZE]) if row.space_id != space.pk), SLICE_SIZE)
        part, waiting = waiting[:size], waiting[size:]
        done += _embed_slice(space, part)
    queue.release(waiting)
    return done


def _embed_slice(space: EmbeddingSpace, rows: Sequence[Claimed]) -> int:
    """Encodes and stores the rows. When that fails the slice is halved, until one row fails alone."""
    try:
        return queue.store(encode(encoder_of(space), rows))
    except TRANSIENT as error:
        logger.warning("Embedding %d items has to wait: %s", len(rows), error)
        for row in rows:
            queue.fail(row, error, is_permanent=False)
        return 0
    except Exception as error:
        if len(rows) == 1:
            logger.exception("Item %d cannot be embedded", rows[0].item_id)
            queue.fail(rows[0], error, is_permanent=True)
            return 0
        half = len(rows) // 2
        return _embed_slice(space, rows[:half]) + _embed_slice(space, rows[half:])


def encode(encoder: Encoder, rows: Sequence[Claimed]) -> list[Encoded]:
    """The vectors of the rows' texts: one for a text that fits the model, else one for each part and their mean."""
    texts = [embedded_text(row.title, row.body) for row in rows]
    spans = _spans(encoder, texts)
    parts = [text[span.start : span.end] for text, own in zip(texts, spans, strict=True) for span in own]
    vectors = encoder.encode_documents(parts)
    results, start = [], 0
    for row, text, own in zip(rows, texts, spans, strict=True):
        results.append(_encoded(row, text, own, vectors[start : start + len(own)]))
        start += len(own)
    return results


def _spans(encoder: Encoder, texts: Sequence[str]) -> list[list[Span]]:
    """Cuts only what may be too long: a text of no more characters than the model takes tokens fits."""
    long = [n for n, text in enumerate(texts) if len(text) > encoder.max_tokens * SURELY_FITS]
    spans = [[Span(0, len(text))] for text in texts]
    if long:
        for n, offsets in zip(long, encoder.token_offsets([texts[n] for n in long]), strict=True):
            spans[n] = passage_spans(texts[n], offsets, encoder.max_tokens)
    return spans


def _encoded(row: Claimed, text: str, spans: list[Span], vectors: npt.NDArray[np.float32]) -> Encoded:
    if len(spans) == 1:
        return Encoded(row, spans, vectors)
    weights = np.array([span.end - span.start for span in spans], dtype=np.float32)
    whole = weights @ vectors
    whole /= max(float(np.linalg.norm(whole)), 1e-9)
    return Encoded(row, [Span(0, len(text)), *spans], np.vstack([whole, vectors]))
