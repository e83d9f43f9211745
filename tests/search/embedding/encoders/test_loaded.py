"""One memory for encoders and cross-encoders: loaded once, freed when nobody needs them, empty after a fork."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from search.embedding.encoders import cross_encoder, registry
from search.embedding.encoders.loaded import LoadedModels
from search.errors import EncoderUnavailable


def fail() -> object:
    raise OSError("the disk is gone")


def test_of_many_that_ask_at_once_the_first_loads() -> None:
    models: LoadedModels[str, object] = LoadedModels(retry_seconds=60)
    loads: list[int] = []
    together = threading.Barrier(4, timeout=10)

    def load() -> object:
        loads.append(1)
        time.sleep(0.02)
        return object()

    def ask(_: int) -> object:
        together.wait()
        return models.get("a", load, name="The model")

    with ThreadPoolExecutor(4) as pool:
        assert len({id(found) for found in pool.map(ask, range(4))}) == len(loads) == 1


def test_a_failure_is_remembered_for_a_while_and_for_its_model_alone() -> None:
    models: LoadedModels[str, object] = LoadedModels(retry_seconds=0.05)
    with pytest.raises(EncoderUnavailable, match="The model cannot be loaded: the disk is gone"):
        models.get("a", fail, name="The model")
    with pytest.raises(EncoderUnavailable):
        models.get("a", object, name="The model")
    assert models.get("b", object, name="Another")
    time.sleep(0.06)
    assert models.get("a", object, name="The model")


def test_models_that_nobody_needs_are_freed() -> None:
    models: LoadedModels[str, object] = LoadedModels(retry_seconds=60)
    for key in "abc":
        models.get(key, object, name=key)
    models.forget("a")
    models.keep_only({"c"})
    assert list(models.models) == ["c"]


AFTER_A_FORK = """
import os, sys
from search.embedding.encoders.loaded import LoadedModels

models = LoadedModels(retry_seconds=60)
models.get("of the parent", object, name="The model")
with models.lock:
    child = os.fork()
    if child == 0:
        os._exit(0 if not models.models and not models.lock.locked() else 1)
is_clean = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
sys.exit(0 if is_clean and "of the parent" in models.models else 1)
"""


def test_a_fork_starts_without_models_and_with_a_free_lock() -> None:
    """In a process without other threads: a fork of one with some may hang in any library."""
    subprocess.run([sys.executable, "-c", AFTER_A_FORK], check=True, timeout=60)


def test_encoders_and_cross_encoders_are_kept_so() -> None:
    assert isinstance(registry._loaded, LoadedModels)
    assert isinstance(cross_encoder._loaded, LoadedModels)
