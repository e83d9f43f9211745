"""Encoders in this process: the direct way where a model fits it, sentence-transformers for every other."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from django.conf import settings

from search.embedding.encoders import recipe
from search.embedding.encoders.conversion import ConversionError, converted, discard
from search.embedding.encoders.direct import DirectModel
from search.embedding.encoders.local import LocalEncoder
from search.embedding.encoders.port import Encoder, Vectors, checked
from search.embedding.encoders.sources import source_of, stay_offline
from search.embedding.text import Offsets
from search.models import EmbeddingSpace

logger = logging.getLogger(__name__)


class DirectEncoder:
    """A converted model without sentence-transformers around it. Threads may use it at the same time."""

    def __init__(self, space: EmbeddingSpace, model: DirectModel, max_tokens: int, unknown: str) -> None:
        self._model, self._unknown = model, unknown
        self._query_prefix, self._document_prefix = space.query_prefix, space.document_prefix
        self.dimensions = space.dimensions
        prefix = len(self.token_offsets([self._document_prefix])[0]) if self._document_prefix else 0
        self.max_tokens = max(max_tokens - model.tokenizer.num_special_tokens_to_add(is_pair=False) - prefix, 1)

    def token_offsets(self, texts: Sequence[str]) -> list[Offsets]:
        found = self._model.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.offsets for encoding in found]

    def whole_words(self, words: Sequence[str]) -> set[str]:
        """A blank before the word makes it the start of one for tokenizers that tell the two apart."""
        found = self._model.tokenizer.encode_batch([f" {word}" for word in words], add_special_tokens=False)
        tokens = [encoding.tokens for encoding in found]
        return {word for word, own in zip(words, tokens, strict=True) if len(own) == 1 and own[0] != self._unknown}

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode([self._document_prefix + text for text in texts], self.dimensions)
        return checked(vectors, len(texts), self.dimensions)

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        vector = self._model.encode_one(self._query_prefix + text, self.dimensions)
        found: npt.NDArray[np.float32] = checked(vector[None], 1, self.dimensions)[0]
        return found


def load_encoder(space: EmbeddingSpace) -> Encoder:
    """The space's model, converted once and kept in the data directory. Raises whatever the libraries raise.

    What is kept of a conversion is tried before it is used; when it is damaged, the model is converted again.
    """
    stay_offline(space.model)
    if space.options.get("backend") == "torch":
        return LocalEncoder(space)
    try:
        return _of_folder(space, _converted(space)) or LocalEncoder(space)
    except recipe.DamagedModelError as error:
        logger.warning("%s is converted again: %s", space.model, error)
    except (OSError, ConversionError) as error:
        logger.warning("The converted model cannot be kept: %s", error)
        return LocalEncoder(space)
    return _converted_again(space)


def _converted_again(space: EmbeddingSpace) -> Encoder:
    try:
        return _of_folder(space, _converted(space)) or LocalEncoder(space)
    except (recipe.DamagedModelError, OSError, ConversionError) as error:
        logger.warning("%s is run by sentence-transformers: %s", space.model, error)
        return LocalEncoder(space)


def _converted(space: EmbeddingSpace) -> Path:
    is_compressed = space.options.get("weights") != "full"
    return converted(source_of(space), revision=space.revision, is_compressed=is_compressed)


def _of_folder(space: EmbeddingSpace, folder: Path) -> DirectEncoder | None:
    """None where the model does not fit the direct way. Raises DamagedModelError, after throwing the folder away."""
    made_at = (folder / "complete").stat().st_mtime_ns
    try:
        found = recipe.read(folder)
        if found is None:
            return None
        threads, largest = settings.AKIN_ENCODER_THREADS, settings.AKIN_ENCODER_BATCH_SIZE
        model = DirectModel(folder, found, threads=threads, largest_batch=largest)
        model.check()
    except recipe.DamagedModelError:
        discard(folder, made_at)
        raise
    return DirectEncoder(space, model, found.max_tokens, found.unknown)
