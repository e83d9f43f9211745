"""`manage.py retry_embeddings`: failed items get another chance when an operator says so."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from search.embedding.queue import pipeline
from search.models import ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


def retry(*words: str) -> str:
    out = StringIO()
    call_command("retry_embeddings", *words, stdout=out)
    return out.getvalue()


def test_failed_and_waiting_items_are_due_again() -> None:
    add_items(make_collection(), {"title": "failed"}, {"title": "waiting"}, {"title": "embedded"})
    add_items(make_collection("other"), {"title": "elsewhere"})
    pipeline.drain()
    rows = ItemEmbedding.objects.exclude(item__title="embedded")
    rows.update(state=EmbeddingState.FAILED, digest=None, attempts=8)
    rows.filter(item__title="waiting").update(state=EmbeddingState.PENDING, next_attempt_at="2126-01-01T00:00Z")
    assert retry("--collection", "shop").startswith("2 ")
    assert pipeline.drain() == 2
    assert retry().startswith("1 ")
    assert pipeline.drain() == 1


def test_an_unknown_collection_is_refused() -> None:
    with pytest.raises(CommandError, match="no collection 'nowhere'"):
        retry("--collection", "nowhere")
