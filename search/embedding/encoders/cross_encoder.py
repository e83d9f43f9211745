"""A cross-encoder in this process: it reads the query and a text together, and says how well one answers the other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from search.embedding.encoders.conversion import converted
from search.embedding.encoders.loaded import LoadedModels
from search.embedding.encoders.sources import stay_offline
from search.errors import EncoderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder as Model

RETRY_LOADING_SECONDS = 60  # until a model that could not be loaded is tried again


class CrossEncoder:
    """A sentence-transformers cross-encoder on OpenVINO, by name or path."""

    def __init__(self, name: str) -> None:
        self._model = _load(name)
        self._lock = threading.Lock()

    def score(self, query_text: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """A score for each text, larger for better; shape (texts,)."""
        with self._lock:
            scores: Any = self._model.predict([(query_text, text) for text in texts], show_progress_bar=False)
        flat = np.asarray(scores, dtype=np.float64)
        if flat.shape != (len(texts),) or not np.isfinite(flat).all():
            raise EncoderUnavailable("The cross-encoder does not answer with one number for each text.")
        return flat


_loaded: LoadedModels[str, CrossEncoder] = LoadedModels(retry_seconds=RETRY_LOADING_SECONDS)


def cross_encoder(name: str) -> CrossEncoder:
    """The model, loaded once in each process. Raises EncoderUnavailable when it cannot be loaded."""
    return _loaded.get(name, lambda: CrossEncoder(name), name=f"The cross-encoder {name}")


def _load(name: str) -> Model:
    stay_offline(name)
    folder = converted(name, revision="", is_compressed=True, is_cross_encoder=True)
    from sentence_transformers import CrossEncoder as Model

    config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": settings.AKIN_ENCODER_THREADS}
    model: Model = Model(str(folder), backend="openvino", model_kwargs={"ov_config": config, "export": False})
    return model
