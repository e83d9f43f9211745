"""A converted transformer, run by OpenVINO with tokens from `tokenizers`: no torch, and nothing around the call."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from search.embedding.encoders.batches import batches
from search.embedding.encoders.recipe import TEXTS, DamagedModelError, Recipe

Floats = npt.NDArray[np.float32]
Tokens = list[int]

MODEL = Path("openvino") / "openvino_model.xml"
QUANTIZATION_GROUP = 64  # activations that share a scale where weights have eight bits
BATCH_TOKENS = 1_024  # of a batch, padding included: what a batch takes of memory stays taken
QUERY_TOKENS, DOCUMENT_TOKENS = 8, 16  # a multiple of these is the length of a batch, so that shapes come back


class DirectModel:
    """Unit vectors of texts. Threads may call it at the same time: each has a request of its own to the model."""

    def __init__(self, folder: Path, recipe: Recipe, *, threads: int, largest_batch: int) -> None:
        """Texts go to the model one to a thread. Raises DamagedModelError where the files cannot be used."""
        self._recipe, self._largest_batch = recipe, largest_batch
        try:
            self._tokenizer = _tokenizer(folder, recipe.max_tokens)
            self.tokenizer = _tokenizer(folder, None)
            self._compiled = _compiled(folder / MODEL, threads)
        except Exception as error:  # both libraries raise what they like
            raise DamagedModelError(f"The converted model cannot be loaded: {error}") from error
        self._own = threading.local()
        self._requests = [self._compiled.create_infer_request() for _ in range(threads)]
        self._lock = threading.Lock()  # over these

    def check(self) -> None:
        """Raises DamagedModelError unless the vectors are those that the recipe was written with."""
        try:
            alone = np.stack([self.encode_one(text) for text in TEXTS])
            together = self.encode(TEXTS[:-1])  # without the longest, beside which all would be as long
        except Exception as error:
            raise DamagedModelError(f"The converted model cannot be used: {error}") from error
        self._recipe.check(alone)
        self._recipe.check(np.concatenate([together, alone[-1:]]))

    def encode_one(self, text: str, dimensions: int | None = None) -> Floats:
        """A unit vector of shape (dimensions,)."""
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        tokens = self._tokens([text])
        feeds = self._feeds(tokens, QUERY_TOKENS)
        self._own.request.infer(feeds, share_inputs=True)
        return cast("Floats", self._vectors(self._own.request, feeds, dimensions)[0])

    def encode(self, texts: Sequence[str], dimensions: int | None = None) -> Floats:
        """Unit vectors of shape (texts, dimensions). Batches are done side by side, one to a thread."""
        tokens = self._tokens(texts)
        parts = list(batches([len(one) for one in tokens], largest=self._largest_batch, room=BATCH_TOKENS))
        found: dict[int, Floats] = {}
        with self._lock:
            for start in range(0, len(parts), len(self._requests)):
                group = parts[start : start + len(self._requests)]
                feeds = [self._feeds([tokens[n] for n in part], DOCUMENT_TOKENS) for part in group]
                for request, feed in zip(self._requests, feeds, strict=False):
                    request.start_async(feed, share_inputs=True)
                for request in self._requests[: len(group)]:  # none may be left running when another one fails
                    request.wait()
                for request, part, feed in zip(self._requests, group, feeds, strict=False):
                    found.update(zip(part, self._vectors(request, feed, dimensions), strict=True))
        return np.stack([found[n] for n in range(len(texts))])

    def _tokens(self, texts: Sequence[str]) -> list[Tokens]:
        prompt = self._recipe.prompt
        return [found.ids for found in self._tokenizer.encode_batch([prompt + text for text in texts])]

    def _feeds(self, tokens: Sequence[Tokens], multiple: int) -> dict[str, npt.NDArray[np.int64]]:
        longest = max(len(one) for one in tokens)
        ids = np.full((len(tokens), -(-longest // multiple) * multiple), self._recipe.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, one in enumerate(tokens):
            ids[row, : len(one)] = one
            mask[row, : len(one)] = 1
        feeds = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        return {name: feeds[name] for name in self._recipe.inputs}

    def _vectors(self, request: Any, feeds: dict[str, npt.NDArray[np.int64]], dimensions: int | None) -> Floats:
        """Pooled as the recipe says, cut and of length one."""
        states: Floats = request.get_output_tensor(0).data
        if self._recipe.pooling == "cls":
            pooled = states[:, 0, :dimensions].copy()
        else:
            mask = feeds["attention_mask"].astype(np.float32)
            pooled = np.matmul(mask[:, None, :], states)[:, 0, :dimensions] / mask.sum(axis=1, keepdims=True)
        return cast("Floats", pooled / np.maximum(np.linalg.norm(pooled, axis=1, keepdims=True), np.float32(1e-12)))


def _tokenizer(folder: Path, max_tokens: int | None) -> Any:
    """It is never changed after this: other threads may be using it."""
    from tokenizers import Tokenizer  # type: ignore[import-untyped]

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if max_tokens is not None:
        tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _compiled(path: Path, threads: int) -> Any:
    """As many calls at a time as there are threads, each by one; two threads for one call take half as much again.

    Threads stay on no processor: those of two processes would stay on the same one.
    """
    import openvino

    config = {
        "NUM_STREAMS": str(threads),
        "INFERENCE_NUM_THREADS": str(threads),
        "ENABLE_CPU_PINNING": False,
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(QUANTIZATION_GROUP),
    }
    return openvino.Core().compile_model(str(path), "CPU", config)
