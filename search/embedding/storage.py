"""How a space keeps its vectors, and the SQL that compares them: the one place that knows of types and operators.

`half` keeps and indexes half precision. `float` keeps full precision beside it, which search compares by. `binary`
keeps half precision and indexes one bit a dimension: more candidates than wanted come from the bits, and the kept
vectors put them in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pgvector import HalfVector, Vector

from search.models import EmbeddingSpace
from search.models.embedding import Storage

# Of an HNSW index on the type, and for bits of the half precision vectors that are kept with them.
MAX_DIMENSIONS = {Storage.FLOAT: 2_000, Storage.HALF: 4_000, Storage.BINARY: 16_000}
OVERSAMPLING = 4  # candidates by bits for each one wanted,
MIN_CANDIDATES = 100  # and at least so many
MAX_EF_SEARCH = 1_000  # pgvector's own limit

SENT_HEADER = 4  # bytes

QUERY = "%(query)s"


@dataclass(frozen=True, slots=True)
class VectorSql:
    """SQL over the passages `p` of one space. `to` is a parameter or a column that holds the other vector."""

    storage: str
    dimensions: int

    @property
    def type(self) -> str:
        return f"{'vector' if self.storage == Storage.FLOAT else 'halfvec'}({self.dimensions})"

    @property
    def column(self) -> str:
        return "full_embedding" if self.storage == Storage.FLOAT else "embedding"

    @property
    def index(self) -> str:
        """Expression and operator class of the space's HNSW index."""
        if self.storage == Storage.BINARY:
            return f"({self._bits(self.column)}) bit_hamming_ops"
        return f"({self.column}::{self.type}) {self.type.partition('(')[0]}_cosine_ops"

    def distance(self, to: str = QUERY) -> str:
        """The cosine distance by the vectors as they are kept."""
        return f"p.{self.column}::{self.type} <=> {to}::{self.type}"

    def order(self, to: str = QUERY) -> str:
        """What the index is asked for in ascending order. By bits it is no order of the distance, only near to one."""
        if self.storage == Storage.BINARY:
            return f"{self._bits(f'p.{self.column}')} <~> {self._bits(to)}"
        return self.distance(to)

    def candidates(self, limit: int) -> int:
        """How many rows to take in that order so that the nearest `limit` are among them."""
        return max(limit * OVERSAMPLING, MIN_CANDIDATES) if self.storage == Storage.BINARY else limit

    def query_text(self, vector: npt.NDArray[np.float32]) -> str:
        """The vector as a parameter."""
        if self.storage == Storage.FLOAT:
            return Vector(vector).to_text()
        return HalfVector(vector.astype(np.float16)).to_text()

    def sent(self, passage: str = "p") -> str:
        """The kept vector as bytes that `received` reads."""
        return f"{self.type.partition('(')[0]}_send({passage}.{self.column}::{self.type})"

    def received(self, rows: Sequence[bytes | None]) -> npt.NDArray[np.float32]:
        """Vectors of shape (rows, dimensions), zero for None. PostgreSQL sends two shorts, then big-endian floats."""
        number = np.dtype(">f4" if self.storage == Storage.FLOAT else ">f2")
        missing = bytes(SENT_HEADER + number.itemsize * self.dimensions)
        table = np.frombuffer(b"".join(row or missing for row in rows), dtype=np.uint8)
        numbers = table.reshape(len(rows), len(missing))[:, SENT_HEADER:].copy().view(number)
        vectors: npt.NDArray[np.float32] = numbers.astype(np.float32)
        return vectors

    def _bits(self, vector: str) -> str:
        return f"binary_quantize({vector}::{self.type})::bit({self.dimensions})"


def sql_of(space: EmbeddingSpace) -> VectorSql:
    return VectorSql(space.storage, space.dimensions)
