"""The optional second stage: a cross-encoder reads the query with each of the first hits, for as long as it may."""

from __future__ import annotations

import logging
from dataclasses import replace
from time import monotonic as now

import numpy as np
from django.conf import settings
from django.db import connection

from search.embedding.encoders.cross_encoder import CrossEncoder, cross_encoder
from search.embedding.text import embedded_text
from search.errors import EncoderUnavailable
from search.retrieval.ranking.stages import Prepared, Ranked
from search.retrieval.types import SearchRequest
from search.timing import stage

logger = logging.getLogger(__name__)

MAX_RERANKED = 50  # hits of the first stage
BATCH_SIZE = 5  # texts read between two looks at the clock
MAX_CHARACTERS = 2_000  # of a text; models read a few hundred tokens
UNAVAILABLE = "The second stage is not available; the hits are in the order of the first."


@stage("search.rerank")
def rerank(request: SearchRequest, prepared: Prepared, ranked: Ranked) -> Ranked:
    """The first hits in the order of the cross-encoder; those it had no time for stay behind them, as they were.

    Items that the query names by an identifier stay first. Nothing changes unless a model is configured and the
    collection asks for it.
    """
    name = settings.AKIN_RERANK_MODEL
    if not name or not prepared.settings.rerank or not prepared.parsed.text:
        return ranked
    try:
        return _reranked(cross_encoder(name), prepared.parsed.text, ranked)
    except EncoderUnavailable as error:
        logger.warning("No second stage: %s", error)
        return replace(ranked, warnings=(*ranked.warnings, UNAVAILABLE))


def _reranked(model: CrossEncoder, query_text: str, ranked: Ranked) -> Ranked:
    first = sum(1 for item_id in ranked.ids[: len(ranked.identifiers)] if item_id in ranked.identifiers)
    ids = ranked.ids[first : first + MAX_RERANKED]
    scores = _scores(model, query_text, ids)
    order = ranked.order.copy()
    kept = order[first : first + len(scores)]
    order[first : first + len(scores)] = kept[np.argsort(-np.array(scores), kind="stable")]
    return replace(ranked, order=order, second_scores=dict(zip(ids, scores, strict=False)))


def _scores(model: CrossEncoder, query_text: str, ids: list[int]) -> list[float]:
    """The scores of as many of the items as there is time for, from the first on."""
    texts = _texts(ids)
    deadline = now() + settings.AKIN_RERANK_MILLISECONDS / 1_000
    scores: list[float] = []
    while len(scores) < len(ids) and now() < deadline:
        batch = ids[len(scores) : len(scores) + BATCH_SIZE]
        scores += model.score(query_text, [texts[item_id] for item_id in batch]).tolist()
    return scores


def _texts(ids: list[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, title, left(body, %s) FROM catalog_item WHERE id = ANY(%s)", [MAX_CHARACTERS, ids])
        texts = {item_id: embedded_text(title, body) for item_id, title, body in cursor.fetchall()}
    return {item_id: texts.get(item_id, "") for item_id in ids}
