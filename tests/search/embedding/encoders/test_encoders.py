"""Models in this process: any sentence-transformers model, loaded once, never through a fork, even without a disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings

from search.embedding.encoders import registry
from search.embedding.encoders.conversion import ConversionError, _name, converted
from search.embedding.encoders.local import LocalEncoder, native_dimensions
from search.embedding.encoders.registry import encoder_of
from search.embedding.queue import worker
from search.embedding.spaces.lifecycle import active_space
from search.errors import EncoderUnavailable
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind
from tests.search.embedding.encoders.models_for_tests import save_static_model, save_tiny_transformer


@pytest.fixture(autouse=True)
def _no_encoder_stays() -> Iterator[None]:
    registry._loaded.clear()
    yield
    registry._loaded.clear()


def space_of(model: Path, dimensions: int, **fields: object) -> EmbeddingSpace:
    return EmbeddingSpace(
        pk=-1,
        name="other",
        kind=EncoderKind.SENTENCE_TRANSFORMERS,
        model=str(model),
        dimensions=dimensions,
        **fields,
    )


def test_static_embeddings_cut_to_fewer_dimensions(tmp_path: Path, settings: LazySettings) -> None:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    save_static_model(tmp_path / "model")
    space = space_of(tmp_path / "model", 16)
    assert native_dimensions(space) == 32
    encoder = LocalEncoder(space)
    vectors = encoder.encode_documents(["red lamp", "lamp", "red lamp"])
    assert vectors.shape == (3, 16)
    assert np.allclose(vectors[0], vectors[2])
    assert encoder.token_offsets(["red lamp"]) == [[(0, 3), (4, 8)]]
    assert (next((tmp_path / "data" / "models").glob("*/complete"))).exists()


def test_words_that_a_model_knows_as_a_whole(tmp_path: Path) -> None:
    save_static_model(tmp_path / "static")
    save_tiny_transformer(tmp_path / "tiny")
    for folder in ("static", "tiny"):
        encoder = LocalEncoder(space_of(tmp_path / folder, 32, options={"backend": "torch"}))
        assert encoder.whole_words(["lamp", "lampp", "red"]) == {"lamp", "red"}


def test_a_transformer_with_prefixes(tmp_path: Path) -> None:
    save_tiny_transformer(tmp_path)
    space = space_of(tmp_path, 32, query_prefix="number ", document_prefix="red ", options={"backend": "torch"})
    encoder = LocalEncoder(space)
    assert encoder.max_tokens == 64 - 2 - 1
    bare = LocalEncoder(space_of(tmp_path, 32, options={"backend": "torch"}))
    assert np.allclose(encoder.encode_documents(["lamp"])[0], bare.encode_query("red lamp"), atol=1e-5)
    assert not np.allclose(encoder.encode_query("lamp"), encoder.encode_documents(["lamp"])[0], atol=1e-2)


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, settings: LazySettings) -> None:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    (tmp_path / "data").write_text("a file where a folder should be")
    save_static_model(tmp_path / "model")
    assert LocalEncoder(space_of(tmp_path / "model", 32)).encode_documents(["lamp"]).shape == (1, 32)


def test_a_conversion_that_cannot_be_written_costs_time_only(tmp_path: Path, settings: LazySettings) -> None:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    save_static_model(tmp_path / "model")
    folder = settings.AKIN_DATA_DIR / "models" / _name(str(tmp_path / "model"), "", "int8", is_cross_encoder=False)
    folder.parent.mkdir(parents=True)
    folder.write_text("a file where the program that converts wants a folder")
    with pytest.raises(ConversionError):
        converted(str(tmp_path / "model"), revision="", is_compressed=True)
    assert LocalEncoder(space_of(tmp_path / "model", 32)).encode_documents(["lamp"]).shape == (1, 32)


def test_a_model_that_does_not_exist_is_unavailable_and_not_tried_at_every_call(tmp_path: Path) -> None:
    space = space_of(tmp_path / "nothing", 32)
    with pytest.raises(EncoderUnavailable, match="cannot be loaded") as first:
        encoder_of(space)
    with pytest.raises(EncoderUnavailable) as second:
        encoder_of(space)
    assert second.value is first.value


@pytest.mark.django_db
def test_only_workers_that_embed_are_warmed(monkeypatch: pytest.MonkeyPatch) -> None:
    active_space()
    monkeypatch.setattr(worker._worker, "embeds", False)
    worker._start_child()
    assert not registry.is_loaded(active_space())
    monkeypatch.setattr(worker._worker, "embeds", True)
    monkeypatch.setattr(worker, "_end_in_time", lambda: None)
    worker._start_child()
    assert registry.is_loaded(active_space())


def test_the_children_of_a_pool_see_that_their_parent_is_to_end() -> None:
    child = os.fork()
    if child == 0:
        worker._stop()
        os._exit(0)
    os.waitpid(child, 0)
    assert worker.is_stopping(), "memory is shared through the fork"
    worker._worker.stopping[0] = 0


@pytest.mark.parametrize("weights", ["int8", "full"])
def test_a_converted_transformer_says_the_same_as_torch(tmp_path: Path, settings: LazySettings, weights: str) -> None:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    save_tiny_transformer(tmp_path / "model")
    converted = LocalEncoder(space_of(tmp_path / "model", 32, options={"weights": weights}))
    torch = LocalEncoder(space_of(tmp_path / "model", 32, options={"backend": "torch"}))
    texts = ["red lamp", "one two three", "lamp"]
    cosines = (converted.encode_documents(texts) * torch.encode_documents(texts)).sum(axis=1)
    assert cosines.min() > (0.98 if weights == "int8" else 0.999)
    [kept] = (tmp_path / "data" / "models").glob("*/openvino/openvino_model.bin")
    half_of_full = 4 * sum(p.numel() for p in torch._model.parameters()) / 2
    assert (kept.stat().st_size < half_of_full) == (weights == "int8")


def test_a_conversion_that_fails_says_why_and_is_tried_again(tmp_path: Path, settings: LazySettings) -> None:
    settings.AKIN_DATA_DIR = tmp_path / "data"
    source = tmp_path / "model"
    with pytest.raises(ConversionError, match="model"):
        converted(str(source), revision="", is_compressed=True)
    save_tiny_transformer(source)
    assert (converted(str(source), revision="", is_compressed=True) / "complete").exists()
