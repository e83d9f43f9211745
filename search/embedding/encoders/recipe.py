"""What encoding with a converted model takes beside its weights, written down when it is converted.

A model has a recipe when its modules are a transformer, pooling and, at most, normalising. The recipe holds vectors
that sentence-transformers made of a few texts: who follows it can see, without that library, that it makes the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

FILE = "recipe.json"
POOLINGS = ("mean", "cls")
MIN_COSINE = 0.9999  # of a text's two vectors that count as the same

# Of several scripts and cases, with numbers, marks and nothing to read at all; the last is longer than a model reads.
TEXTS = (
    "warm",
    "stove for cold weather camping",
    "USB-C cable 2.0m, 60W (black) – A4921/B",
    "Größere Straßenschuhe für Mädchen; naïve café",
    "スープ鍋 24cm",
    "?!",
    "The pump did not start after the storm, so the cellar stood under water until the next morning.",
    "A library of functions that other programs call to read and write images. " * 40,
)


class DamagedModelError(Exception):
    """What is kept of a converted model cannot be read, or does not make the vectors that it should."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """`inputs` are the model's, `vectors` those of TEXTS; `prompt` stands before every text, `unknown` for no word."""

    pooling: str
    max_tokens: int
    inputs: tuple[str, ...]
    pad_id: int
    prompt: str
    unknown: str
    vectors: list[list[float]]

    def check(self, vectors: npt.NDArray[np.float32]) -> None:
        """Raises DamagedModelError unless the unit vectors, made of TEXTS, are those of the recipe."""
        wanted = np.array(self.vectors, dtype=np.float32)
        if vectors.shape != wanted.shape:
            raise DamagedModelError(f"The vectors have shape {vectors.shape}, not {wanted.shape}.")
        lowest = float((vectors * wanted).sum(axis=1).min())
        if not lowest >= MIN_COSINE:
            raise DamagedModelError(f"A vector has cosine {lowest:.5f} to the one that it should be.")


def read(folder: Path) -> Recipe | None:
    """None where conversion found that the model has none. Raises DamagedModelError without a file that says so."""
    try:
        found: dict[str, Any] | None = orjson.loads((folder / FILE).read_bytes())
        return None if found is None else Recipe(**{**found, "inputs": tuple(found["inputs"])})
    except (OSError, orjson.JSONDecodeError, TypeError, KeyError) as error:
        raise DamagedModelError(f"{FILE} cannot be read: {error}") from error


def write(recipe: Recipe | None, folder: Path) -> None:
    """None says that the model has none."""
    (folder / FILE).write_bytes(orjson.dumps(None if recipe is None else asdict(recipe)))
