"""Converts a sentence-transformers model to OpenVINO with weights of eight bits.

Run as a program, so that the gigabyte that a conversion takes ends with it:
`python -m search.embedding.encoders.conversion`.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]

_damaged: set[Path] = set()  # of AKIN_MODELS, found so by this process


class ConversionError(Exception):
    """The model cannot be converted; the message is the last thing that the program said."""


def converted(source: str, *, revision: str, is_compressed: bool, is_cross_encoder: bool = False) -> Path:
    """The folder of the converted model of `source`, a path or a name on a hub; converts it when there is none.

    One in AKIN_MODELS is taken as it is. Raises ConversionError, and OSError where nothing can be written.
    """
    name = _name(source, revision, "int8" if is_compressed else "full", is_cross_encoder)
    brought, folder = settings.AKIN_MODELS / name, settings.AKIN_DATA_DIR / "models" / name
    for known in (brought, folder):
        if known not in _damaged and (known / "complete").exists():
            return known
    with _locked(folder):
        if not (folder / "complete").exists():
            logger.info("Converting %s to OpenVINO; this is done once", source)
            flags = ["--compress"] * is_compressed + ["--cross-encoder"] * is_cross_encoder
            _run([source, str(folder), "--revision", revision, *flags])
            (folder / "complete").touch()  # a half-written folder is never taken for a whole one
    return folder


def discard(folder: Path, made_at: int) -> None:
    """Deletes the converted model, which was found damaged, unless another process has made it anew meanwhile.

    `made_at` is when "complete" was written, in nanoseconds, as it was before the model was read. One in AKIN_MODELS is
    left where it is, and not used again by this process.
    """
    if folder.parent == settings.AKIN_MODELS:
        _damaged.add(folder)
        return
    with _locked(folder):
        if (folder / "complete").exists() and (folder / "complete").stat().st_mtime_ns == made_at:
            shutil.rmtree(folder)  # what others have mapped into their memory stays there


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _name(source: str, revision: str, weights: str, is_cross_encoder: bool) -> str:
    kind = "cross-encoder" if is_cross_encoder else "encoder"
    identity = hashlib.sha256(f"{source}\n{revision}\n{weights}\n{kind}".encode()).hexdigest()[:12]
    name = re.sub(r"[^\w.-]+", "-", Path(source).name)
    return f"{name}-{identity}"


def _run(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "search.embedding.encoders.conversion", *arguments],
        check=False,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TQDM_DISABLE": "1"},
    )
    if done.returncode:
        raise ConversionError((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--revision", default="")
    parser.add_argument("--compress", action="store_true", help="weights of eight bits")
    parser.add_argument("--cross-encoder", action="store_true", help="a model that reads two texts together")
    options = parser.parse_args()
    _convert(options.source, options.folder, options.revision, is_cross_encoder=options.cross_encoder)
    if options.compress:
        for path in sorted(options.folder.rglob("openvino_model.xml")):
            _compress(path)
    if not options.cross_encoder:
        from search.embedding.encoders.fitting import write_recipe

        write_recipe(options.folder)


def _convert(source: str, folder: Path, revision: str, *, is_cross_encoder: bool) -> None:
    from sentence_transformers import CrossEncoder, SentenceTransformer

    kind = CrossEncoder if is_cross_encoder else SentenceTransformer
    model = kind(source, backend="openvino", revision=revision or None, model_kwargs={"export": True})
    model.save_pretrained(str(folder))


def _compress(path: Path) -> None:
    """Writes the weights as symmetric eight-bit integers with a scale for each row, in the place of the old ones."""
    import nncf
    import openvino

    model = nncf.compress_weights(openvino.Core().read_model(path), mode=nncf.CompressWeightsMode.INT8_SYM)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        openvino.save_model(model, Path(folder) / path.name)
        del model  # the old weights are mapped into memory
        for part in Path(folder).iterdir():
            part.replace(path.parent / part.name)


if __name__ == "__main__":
    main()
