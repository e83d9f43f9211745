"""Models that run without sentence-transformers: the same vectors, from many threads, and nothing damaged is used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from django.conf import LazySettings

from search.embedding.encoders import conversion, in_process, recipe
from search.embedding.encoders.direct import DirectModel
from search.embedding.encoders.in_process import DirectEncoder, load_encoder
from search.embedding.encoders.local import LocalEncoder
from search.models import EmbeddingSpace
from tests.search.embedding.encoders.models_for_tests import save_static_model, save_tiny_transformer
from tests.search.embedding.encoders.test_encoders import space_of

TEXTS = ["red lamp", "one two three", "lamp", "number 7 " * 60, "", "red " * 20]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny transformer, and under `kept` what a conversion made of it."""
    folder = tmp_path_factory.mktemp("direct")
    save_tiny_transformer(folder / "model")
    arguments = [str(folder / "model"), str(folder / "kept"), "--revision", ""]
    conversion._run([*arguments, "--compress"])
    return folder


@pytest.fixture
def conversions(made: Path, tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Conversions from here on copy what was converted already; the list has one entry for each."""
    settings.AKIN_DATA_DIR = tmp_path / "data"
    done: list[str] = []

    def run(arguments: list[str]) -> None:
        done.append(arguments[0])
        shutil.copytree(made / "kept", arguments[1])

    monkeypatch.setattr(conversion, "_run", run)
    return done


def space(made: Path, **fields: object) -> EmbeddingSpace:
    return space_of(made / "model", **{"dimensions": 32, **fields})  # type: ignore[arg-type]


def kept(tmp_path: Path) -> Path:
    return next((tmp_path / "data" / "models").glob("*/complete")).parent


@pytest.mark.usefixtures("conversions")
def test_it_makes_the_vectors_that_sentence_transformers_makes(made: Path) -> None:
    for fields in ({}, {"dimensions": 16}, {"query_prefix": "number ", "document_prefix": "red "}):
        direct, other = load_encoder(space(made, **fields)), LocalEncoder(space(made, **fields))
        assert isinstance(direct, DirectEncoder)
        assert direct.max_tokens == other.max_tokens
        assert direct.token_offsets(TEXTS) == other.token_offsets(TEXTS)
        assert direct.whole_words(["lamp", "lampp", "red"]) == other.whole_words(["lamp", "lampp", "red"])
        cosines = (direct.encode_documents(TEXTS) * other.encode_documents(TEXTS)).sum(axis=1)
        assert cosines.min() >= recipe.MIN_COSINE
        for text in TEXTS:
            assert direct.encode_query(text) @ other.encode_query(text) >= recipe.MIN_COSINE


@pytest.mark.usefixtures("conversions")
def test_threads_do_not_get_each_others_vectors(made: Path) -> None:
    encoder = load_encoder(space(made))
    texts = [f"red {n % 30} lamp {n % 7}" for n in range(200)]
    wanted = [encoder.encode_query(text) for text in texts]

    def ask(n: int) -> bool:
        many = encoder.encode_documents(texts[n : n + 5])
        encoder.token_offsets(texts[n : n + 5])
        encoder.whole_words(["lamp", "red"])
        return np.allclose(encoder.encode_query(texts[n]), wanted[n], atol=1e-5) and np.allclose(
            many, wanted[n : n + 5], atol=1e-4
        )

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(ask, range(190)))


def test_a_model_of_another_architecture_is_left_to_sentence_transformers(tmp_path: Path) -> None:
    save_static_model(tmp_path)
    assert isinstance(load_encoder(space_of(tmp_path, 32)), LocalEncoder)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def garble(path: Path) -> None:
    """Other weights, of the same size."""
    content = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    path.write_bytes(np.random.default_rng(1).permutation(content).tobytes())


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("openvino/openvino_model.bin", garble),
        ("openvino/openvino_model.bin", cut),
        ("openvino/openvino_model.xml", cut),
        ("tokenizer.json", cut),
        ("recipe.json", cut),
        ("recipe.json", Path.unlink),
    ],
)
def test_a_damaged_model_is_converted_again(
    made: Path, tmp_path: Path, conversions: list[str], name: str, damage: Callable[[Path], None]
) -> None:
    wanted = load_encoder(space(made)).encode_query("red lamp")
    damage(kept(tmp_path) / name)
    encoder = load_encoder(space(made))
    assert isinstance(encoder, DirectEncoder)
    assert np.allclose(encoder.encode_query("red lamp"), wanted, atol=1e-5)
    assert len(conversions) == 2
    load_encoder(space(made))
    assert len(conversions) == 2, "what was made anew stays"


@pytest.fixture
def brought(made: Path, tmp_path: Path, conversions: list[str], settings: LazySettings) -> Path:
    """The model, converted beforehand into AKIN_MODELS, which nobody may write."""
    load_encoder(space(made))
    settings.AKIN_MODELS = tmp_path / "brought"
    kept(tmp_path).parent.rename(settings.AKIN_MODELS)
    settings.AKIN_MODELS.chmod(0o500)
    conversions.clear()
    found: Path = next(settings.AKIN_MODELS.glob("*/complete")).parent
    return found


@pytest.mark.usefixtures("brought")
def test_a_model_that_was_brought_is_taken_as_it_is(made: Path, tmp_path: Path, conversions: list[str]) -> None:
    assert isinstance(load_encoder(space(made)), DirectEncoder)
    assert conversions == [] and not (tmp_path / "data" / "models").exists()


def test_a_damaged_model_that_was_brought_stays_there_and_another_is_made(
    made: Path, tmp_path: Path, conversions: list[str], brought: Path
) -> None:
    garble(brought / "openvino" / "openvino_model.bin")
    assert isinstance(load_encoder(space(made)), DirectEncoder)
    assert len(conversions) == 1 and kept(tmp_path).is_dir()
    assert (brought / "complete").exists()
    load_encoder(space(made))
    assert len(conversions) == 1, "what was made anew stays"


@pytest.mark.usefixtures("conversions")
def test_a_model_that_stays_unlike_is_run_by_sentence_transformers(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(model: object) -> None:
        raise recipe.DamagedModelError("unlike")

    monkeypatch.setattr(DirectModel, "check", refuse)
    encoder = load_encoder(space(made))
    assert isinstance(encoder, LocalEncoder)
    assert encoder.encode_documents(["lamp"]).shape == (1, 32)


@pytest.mark.usefixtures("conversions")
def test_of_two_processes_that_find_the_damage_one_converts(made: Path, tmp_path: Path, conversions: list[str]) -> None:
    load_encoder(space(made))
    folder = kept(tmp_path)
    seen = (folder / "complete").stat().st_mtime_ns
    conversion.discard(folder, seen)
    in_process._converted(space(made))
    conversion.discard(folder, seen)
    assert (folder / "complete").exists(), "it is no longer the one that was damaged"
    assert len(conversions) == 2
