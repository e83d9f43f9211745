"""Converts a sentence-transformers model to OpenVINO with weights of eight bits.

Run as a program, so that the gigabyte that a conversion takes ends with it: `python -m search.embedding.conversion`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class ConversionError(Exception):
    """The model cannot be converted; the message is the last thing that the program said."""


def convert(source: str, folder: Path, *, revision: str, is_compressed: bool) -> None:
    """Writes the converted model of `source`, a path or a name on a hub, into the folder. Raises ConversionError."""
    command = [sys.executable, "-m", __name__, source, str(folder), "--revision", revision]
    done = subprocess.run(
        [*command, *(["--compress"] if is_compressed else [])],
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
    options = parser.parse_args()
    _convert(options.source, options.folder, options.revision)
    if options.compress:
        for path in sorted(options.folder.rglob("openvino_model.xml")):
            _compress(path)


def _convert(source: str, folder: Path, revision: str) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(source, backend="openvino", revision=revision or None, model_kwargs={"export": True})
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
