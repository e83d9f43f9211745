"""An encoder behind HTTP, against a real server: batches, prefixes, keys, and every way of not answering."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from search.embedding.encoders import registry
from search.embedding.encoders.endpoint.circuit import CircuitBreaker
from search.embedding.encoders.endpoint.http import PATIENCE_SECONDS, HttpEncoder
from search.embedding.queue import claims, pipeline
from search.embedding.spaces.lifecycle import active_space
from search.errors import EncoderRefused, EncoderUnavailable
from search.models import EmbeddingSpace, ItemEmbedding
from search.models.embedding import EmbeddingState, EncoderKind
from tests.factories import add_items, make_collection
from tests.search.embedding.encoders.endpoint import DIMENSIONS, Endpoint


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


def space_of(endpoint: Endpoint, **options: Any) -> EmbeddingSpace:
    return EmbeddingSpace(
        name="remote",
        kind=EncoderKind.HTTP,
        model="some-model",
        dimensions=DIMENSIONS,
        query_prefix="query: ",
        document_prefix="passage: ",
        options={"url": endpoint.url, "timeout": 0.5, **options},
    )


@pytest.fixture
def encoder(endpoint: Endpoint) -> Iterator[HttpEncoder]:
    encoder = HttpEncoder(space_of(endpoint, batch_size=2))
    yield encoder
    encoder._client.close()


def test_texts_go_in_batches_with_their_prefix_and_come_back_in_order(endpoint: Endpoint, encoder: HttpEncoder) -> None:
    vectors = encoder.encode_documents(["a", "bbbb", "cc"])
    assert [request["input"] for request in endpoint.requests] == [["passage: a", "passage: bbbb"], ["passage: cc"]]
    assert endpoint.requests[0]["model"] == "some-model"
    expected = np.linspace(len("passage: bbbb"), 1, DIMENSIONS)
    assert np.allclose(vectors[1], expected / np.linalg.norm(expected))
    encoder.encode_query("a")
    assert endpoint.requests[-1]["input"] == ["query: a"]


def test_a_request_ends_before_the_lease_of_its_items(endpoint: Endpoint) -> None:
    encoder = HttpEncoder(space_of(endpoint, timeout=600))
    assert encoder._client.timeout.read is not None
    assert encoder._client.timeout.read + PATIENCE_SECONDS < claims.LEASE_SECONDS
    encoder._client.close()


def test_longer_vectors_are_cut(endpoint: Endpoint, encoder: HttpEncoder) -> None:
    endpoint.dimensions = 32
    assert encoder.encode_documents(["a"]).shape == (1, DIMENSIONS)


def test_the_key_comes_from_the_environment_alone(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    space = space_of(endpoint, api_key_env="AKIN_TEST_KEY")
    with pytest.raises(ValueError, match="AKIN_TEST_KEY"):
        HttpEncoder(space)
    monkeypatch.setenv("AKIN_TEST_KEY", "secret")
    encoder = HttpEncoder(space)
    encoder.encode_query("a")
    encoder._client.close()
    assert endpoint.keys == ["Bearer secret"]
    assert "secret" not in str(vars(space))


def test_a_key_may_come_from_a_file(endpoint: Endpoint, settings: Any) -> None:
    settings.ENDPOINT_KEYS = {"AKIN_TEST_KEY": "kept"}
    encoder = HttpEncoder(space_of(endpoint, api_key_env="AKIN_TEST_KEY"))
    encoder.encode_query("a")
    encoder._client.close()
    assert endpoint.keys == ["Bearer kept"]


def test_a_busy_endpoint_is_asked_again_when_it_says(endpoint: Endpoint, encoder: HttpEncoder) -> None:
    endpoint.script = [(429, {"Retry-After": "0.2"}), 503]
    started = time.monotonic()
    assert encoder.encode_documents(["a"]).shape == (1, DIMENSIONS)
    assert time.monotonic() - started > 0.2
    assert len(endpoint.requests) == 3


def test_a_long_pause_is_not_waited_for_by_the_worker(endpoint: Endpoint, encoder: HttpEncoder) -> None:
    endpoint.script = [(429, {"Retry-After": "120"})]
    with pytest.raises(EncoderUnavailable, match="429"):
        encoder.encode_documents(["a"])
    with pytest.raises(EncoderUnavailable, match="asked again in 1"):
        encoder.encode_documents(["a"])
    assert len(endpoint.requests) == 1


def test_a_slow_endpoint_is_unavailable_and_then_left_alone(endpoint: Endpoint, encoder: HttpEncoder) -> None:
    endpoint.script = [1.0] * 3
    for _ in range(3):
        with pytest.raises(EncoderUnavailable, match="does not answer"):
            encoder.encode_query("a")
    with pytest.raises(EncoderUnavailable, match="failed repeatedly"):
        encoder.encode_query("a")
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize(
    ("status", "error"), [(400, EncoderRefused), (401, EncoderUnavailable), (404, EncoderUnavailable)]
)
def test_what_cannot_heal_is_not_asked_twice(
    endpoint: Endpoint, encoder: HttpEncoder, status: int, error: type[Exception]
) -> None:
    endpoint.script = [status]
    with pytest.raises(error, match=str(status)):
        encoder.encode_documents(["a"])
    assert len(endpoint.requests) == 1


def test_an_open_circuit_lets_one_trial_through_and_closes_on_success() -> None:
    circuit = CircuitBreaker(open_after=1, open_seconds=0.05)
    circuit.record_failure()
    with pytest.raises(EncoderUnavailable):
        circuit.check()
    time.sleep(0.06)
    circuit.check()
    with pytest.raises(EncoderUnavailable):
        circuit.check()
    circuit.record_success()
    circuit.check()


def test_passages_are_cut_by_a_careful_guess_of_tokens(encoder: HttpEncoder) -> None:
    (offsets,) = encoder.token_offsets(["short internationalisation"])
    assert offsets[:3] == [(0, 3), (3, 5), (6, 9)]


@pytest.mark.django_db
def test_the_pipeline_through_http(endpoint: Endpoint) -> None:
    registry._loaded.clear()  # the fake encoder, which another test may have loaded for this space
    EmbeddingSpace.objects.filter(pk=active_space().pk).update(
        kind=EncoderKind.HTTP, dimensions=DIMENSIONS, options={"url": endpoint.url, "timeout": 0.5}
    )
    add_items(make_collection(), *({"title": "poison" if n == 3 else f"item {n}"} for n in range(10)))
    endpoint.script = [503] * 3
    assert pipeline.drain() == 0
    assert set(ItemEmbedding.objects.values_list("state", flat=True)) == {EmbeddingState.PENDING}
    endpoint.poison = "poison"
    ItemEmbedding.objects.update(next_attempt_at="2026-01-01T00:00Z")
    assert pipeline.drain() == 9
    failed = ItemEmbedding.objects.get(state=EmbeddingState.FAILED)
    assert (failed.item.title, failed.error_class) == ("poison", "EncoderRefused")
    encoder = registry.encoder_of(active_space())
    assert isinstance(encoder, HttpEncoder)
    encoder._client.close()
    registry._loaded.clear()
