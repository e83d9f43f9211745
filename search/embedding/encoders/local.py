"""sentence-transformers models in this process, on OpenVINO or torch: every model that the direct way does not fit.

sentence-transformers and torch are imported when a model is loaded.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
from django.conf import settings

from search.embedding.encoders.batches import batches
from search.embedding.encoders.conversion import ConversionError, converted
from search.embedding.encoders.direct import QUANTIZATION_GROUP
from search.embedding.encoders.port import Vectors, checked
from search.embedding.encoders.sources import source_of, stay_offline
from search.embedding.text import Offsets
from search.models import EmbeddingSpace

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

Backend = Literal["openvino", "torch"]
MAX_TOKENS = 512  # of a passage, where the model itself has no limit
MAX_BATCH_CHARACTERS = 8_000  # of a batch, padding included: about 2,000 tokens
PADDED_TO = 16  # tokens: a multiple of these is the length of a batch


class LocalEncoder:
    """A sentence-transformers model.

    Options of the space: `backend`, `torch` instead of `openvino`; `weights`, `full` instead of eight bits.
    """

    def __init__(self, space: EmbeddingSpace) -> None:
        self._model = _load(space)
        self._query_prefix, self._document_prefix = space.query_prefix, space.document_prefix
        self._lock = threading.Lock()  # of model and tokenizer alike: encoding sets how the tokenizer cuts and pads
        self._batch_size = settings.AKIN_ENCODER_BATCH_SIZE
        self.dimensions = space.dimensions
        specials = 0 if self._is_bare else self._model.tokenizer.num_special_tokens_to_add()
        longest = int(min(self._model.max_seq_length or MAX_TOKENS, 100_000 if not self._is_bare else MAX_TOKENS))
        self.max_tokens = max(longest - specials - self._prefix_tokens(), 1)

    @property
    def _is_bare(self) -> bool:
        """Whether the model's tokenizer is one of `tokenizers`, as static embeddings have, not of transformers."""
        return not callable(self._model.tokenizer)

    def _prefix_tokens(self) -> int:
        return len(self.token_offsets([self._document_prefix])[0]) if self._document_prefix else 0

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        tokenizer: Any = self._model.tokenizer
        with self._lock:
            if self._is_bare:
                return [one.offsets for one in tokenizer.encode_batch(list(texts), add_special_tokens=False)]
            encoded = tokenizer(
                list(texts), add_special_tokens=False, truncation=False, return_offsets_mapping=True, verbose=False
            )
        offsets: list[Offsets] = encoded["offset_mapping"]
        return offsets

    def whole_words(self, words: Sequence[str]) -> set[str]:
        """A blank before the word makes it the start of one for tokenizers that tell the two apart."""
        tokenizer: Any = self._model.tokenizer
        with self._lock:
            if self._is_bare:
                unknown = "[UNK]"
                tokens = [tokenizer.encode(f" {word}", add_special_tokens=False).tokens for word in words]
            else:
                unknown, tokens = tokenizer.unk_token, [tokenizer.tokenize(f" {word}") for word in words]
        return {word for word, own in zip(words, tokens, strict=True) if len(own) == 1 and own[0] != unknown}

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """In batches of similar length: few long texts at a time, because what a batch takes of memory stays taken."""
        prefixed = [self._document_prefix + text for text in texts]
        lengths = [len(text) for text in prefixed]
        vectors: Vectors = np.empty((len(prefixed), self.dimensions), dtype=np.float32)
        for batch in batches(lengths, largest=self._batch_size, room=MAX_BATCH_CHARACTERS):
            vectors[batch] = self._encode([prefixed[n] for n in batch], **self._padding)
        return vectors

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """As `_encode` does, without what the library spends on many texts: half of the time of one."""
        import torch
        from sentence_transformers.util import batch_to_device

        prompt = self._model.prompts.get(self._model.default_prompt_name or "")
        with self._lock, torch.inference_mode():
            features = self._model.preprocess([self._query_prefix + text], prompt=prompt)
            output = self._model(batch_to_device(features, self._model.device))["sentence_embedding"]
        vectors: Vectors = output[:, : self.dimensions].float().cpu().numpy()
        vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
        vector: npt.NDArray[np.float32] = checked(vectors, 1, self.dimensions)[0]
        return vector

    @property
    def _padding(self) -> dict[str, Any]:
        """Of documents, to lengths that come back often; a query is too short for that to pay."""
        return {} if self._is_bare else {"processing_kwargs": {"text": {"pad_to_multiple_of": PADDED_TO}}}

    def _encode(self, texts: list[str], **options: Any) -> Vectors:
        with self._lock:
            vectors: Vectors = self._model.encode(
                texts,
                batch_size=len(texts),
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=True,
                **options,
            )
        return checked(vectors, len(texts), self.dimensions)


def native_dimensions(space: EmbeddingSpace) -> int:
    """How long the model's vectors are before any truncation. Loads the model; raises whatever that raises."""
    stay_offline(space.model)
    found = _open(source_of(space), space, backend="torch", truncate_dim=None).get_embedding_dimension()
    if found is None:
        raise ValueError(f"{space.model} does not say how long its vectors are.")
    return int(found)


def _load(space: EmbeddingSpace) -> SentenceTransformer:
    """The model on OpenVINO, converted once and kept in the data directory."""
    stay_offline(space.model)
    if space.options.get("backend") == "torch":
        return _open(source_of(space), space, backend="torch", truncate_dim=space.dimensions)
    is_compressed = space.options.get("weights") != "full"
    try:
        folder = converted(source_of(space), revision=space.revision, is_compressed=is_compressed)
    except (OSError, ConversionError) as error:  # a program that converts says nothing better of a full disk
        logger.warning("The converted model cannot be kept: %s", error)
        return _open(source_of(space), space)
    return _open(str(folder), space)


def _open(
    source: str, space: EmbeddingSpace, *, backend: Backend = "openvino", truncate_dim: int | None = -1
) -> SentenceTransformer:
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(settings.AKIN_ENCODER_THREADS)
    config: dict[str, Any] = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": settings.AKIN_ENCODER_THREADS,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(QUANTIZATION_GROUP),
    }
    is_converted = (Path(source) / "complete").exists()
    return SentenceTransformer(
        source,
        backend=backend,
        revision=space.revision or None,
        truncate_dim=space.dimensions if truncate_dim == -1 else truncate_dim,
        model_kwargs={"ov_config": config, "export": not is_converted} if backend == "openvino" else {},
    )
