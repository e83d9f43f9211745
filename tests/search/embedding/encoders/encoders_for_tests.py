"""Encoders that misbehave as a test asks them to, put in the place of the active space's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from search.embedding.encoders import registry
from search.embedding.encoders.fake import FakeEncoder
from search.embedding.encoders.port import Vectors, checked
from search.embedding.spaces.lifecycle import active_space

Behaviour = Callable[[Sequence[str], Vectors], npt.NDArray[np.float32]]


class Misbehaving(FakeEncoder):
    """Calls `behaviour(texts, vectors)`, which may raise or return other vectors, and remembers what it was given."""

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(active_space())
        self._behaviour = behaviour
        self.texts: list[str] = []
        self.calls = 0

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        self.calls += 1
        vectors = self._behaviour(texts, super().encode_documents(texts))
        return checked(vectors, len(texts), self.dimensions)


def use(behaviour: Behaviour = lambda _, vectors: vectors) -> Misbehaving:
    """Puts the encoder in place until the space is forgotten."""
    encoder = Misbehaving(behaviour)
    registry._loaded.models[active_space().pk] = encoder
    return encoder
