"""Whether a converted model fits the direct way, found out beside sentence-transformers, by conversions only."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.embedding.encoders import recipe
from search.embedding.encoders.direct import QUANTIZATION_GROUP, DirectModel
from search.embedding.encoders.recipe import POOLINGS, TEXTS, DamagedModelError, Recipe

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids"})
FITTING = (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])  # names of a model's modules


def write_recipe(folder: Path) -> None:
    """Writes the recipe of the converted model, or that it has none."""
    recipe.write(_recipe_of(folder), folder)


def _recipe_of(folder: Path) -> Recipe | None:
    from sentence_transformers import SentenceTransformer

    config = {"PERFORMANCE_HINT": "LATENCY", "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(QUANTIZATION_GROUP)}
    model = SentenceTransformer(str(folder), backend="openvino", model_kwargs={"ov_config": config, "export": False})
    if not _fits(model):
        return None
    found = _read(model)
    try:
        DirectModel(folder, found, threads=1, largest_batch=len(TEXTS)).check()
    except DamagedModelError as error:
        logger.warning("The model is left to sentence-transformers: %s", error)
        return None
    return found


def _fits(model: SentenceTransformer) -> bool:
    modules: list[Any] = list(model.children())
    if [type(module).__name__ for module in modules] not in FITTING:
        return False
    transformer, pooling = modules[0], modules[1]
    tokenizer = transformer.tokenizer
    return (
        pooling.pooling_mode in POOLINGS
        and pooling.include_prompt
        and not transformer.do_lower_case
        and bool(model.max_seq_length)
        and getattr(tokenizer, "is_fast", False)
        and getattr(tokenizer, "padding_side", "") == "right"
        and tokenizer.pad_token_id is not None
        and _inputs(transformer) <= INPUTS
    )


def _inputs(transformer: Any) -> set[str]:
    return {name.any_name for name in transformer.auto_model.model.inputs}


def _read(model: SentenceTransformer) -> Recipe:
    transformer: Any = model[0]
    pooling: Any = model[1]
    tokenizer = transformer.tokenizer
    return Recipe(
        pooling=pooling.pooling_mode,
        max_tokens=int(model.max_seq_length or 0),
        inputs=tuple(sorted(_inputs(transformer))),
        pad_id=int(tokenizer.pad_token_id),
        prompt=model.prompts.get(model.default_prompt_name or "") or "",
        unknown=tokenizer.unk_token or "",
        vectors=model.encode(list(TEXTS), show_progress_bar=False, normalize_embeddings=True).tolist(),
    )
