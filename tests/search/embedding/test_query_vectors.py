"""The vector of a query, begun while its words are looked up."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from search.embedding import query_vectors
from search.embedding.encoders.registry import encoder_of
from search.embedding.query_vectors import encode_ahead, query_vector
from search.embedding.spaces.lifecycle import active_space
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def space() -> EmbeddingSpace:
    active = active_space()
    encoder_of(active)
    return active


@pytest.fixture
def encoded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What is encoded, and whether by the thread of the search."""
    seen: list[tuple[str, bool]] = []
    encode = query_vectors.query_vector

    def noting(space: EmbeddingSpace, text: str) -> object:
        seen.append((text, threading.current_thread() is threading.main_thread()))
        return encode(space, text)

    monkeypatch.setattr(query_vectors, "query_vector", noting)
    return seen


def test_what_was_typed_is_encoded_once_by_another_thread(
    space: EmbeddingSpace, encoded: list[tuple[str, bool]]
) -> None:
    expected = query_vector(space, "dome tent")
    assert np.array_equal(encode_ahead(space, "dome tent")(space, "dome tent"), expected)
    assert encoded == [("dome tent", False)]


def test_what_is_meant_instead_is_encoded_when_it_is_known(
    space: EmbeddingSpace, encoded: list[tuple[str, bool]]
) -> None:
    expected = query_vector(space, "dome tent")
    assert np.array_equal(encode_ahead(space, "dme tent")(space, "dome tent"), expected)
    assert ("dome tent", True) in encoded


def test_a_long_text_and_an_encoder_that_is_elsewhere_wait_until_it_is_known_what_is_meant(
    space: EmbeddingSpace, encoded: list[tuple[str, bool]]
) -> None:
    encode_ahead(space, "tent " * query_vectors.MAX_AHEAD)
    encode_ahead(EmbeddingSpace(name="far", kind=EncoderKind.HTTP, dimensions=8), "tent")
    assert not encoded


def test_an_encoder_that_fails_says_so_to_who_asks(space: EmbeddingSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise EncoderUnavailable("down")

    monkeypatch.setattr(query_vectors, "query_vector", fail)
    encode = encode_ahead(space, "tent")
    with pytest.raises(EncoderUnavailable):
        encode(space, "tent")
