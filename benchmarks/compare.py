"""Measures txtai, a Chroma server and Akin in turn, and writes the table into docs/comparison.md.

`python -m benchmarks.compare`, or `make compare ARGS="--items 5000"`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.environment import OWN, CannotInstall, install, make_environment
from benchmarks.report import Figures, NotMeasured, put_between_marks, table

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT.parent / "shared" / "data"
PAGE = ROOT / "docs" / "comparison.md"
NAMES = {"txtai": "txtai", "chroma": "Chroma", "akin": "Akin"}


def main() -> int:
    options = options_of_command_line()
    for path in (options.corpus, options.judged):
        if path and not path.exists():
            print(f"compare: {path} is not there", file=sys.stderr)
            return 2
    began = time.monotonic()
    results = [measure(name, options) for name in options.systems]
    content = "\n\n".join([_circumstances(options, time.monotonic() - began), table(results)])
    print(content)
    if options.publish:
        PAGE.write_text(put_between_marks(PAGE.read_text(encoding="utf-8"), content), encoding="utf-8")
        print(f"\nWritten into {PAGE.relative_to(ROOT)}")
    return 0 if all(isinstance(one, Figures) for one in results) else 1


def measure(name: str, options: argparse.Namespace) -> Figures | NotMeasured:
    """One system, from an empty folder to its figures, in a process of the benchmark's own environment."""
    folder: Path = options.folder
    shutil.rmtree(folder / name, ignore_errors=True)
    output = folder / f"{name}.json"
    output.unlink(missing_ok=True)
    try:
        python = make_environment(folder / "venv")
        install(python, *OWN[name])
    except CannotInstall as error:
        return NotMeasured(NAMES[name], f"it cannot be installed: {error}")
    command = [
        *(str(python), "-m", "benchmarks.measure", name, "--folder", str(folder), "--output", str(output)),
        *("--corpus", str(options.corpus), "--items", str(options.items), "--queries", str(options.queries)),
        *("--port", str(options.port), "--akin-python", sys.executable),
        *(("--judged", str(options.judged)) if options.judged else ()),
    ]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode or not output.exists():
        print(done.stderr, file=sys.stderr)
        return NotMeasured(NAMES[name], (done.stderr.strip().splitlines() or ["it ended without a word"])[-1])
    return Figures(**json.loads(output.read_text(encoding="utf-8")))


def _circumstances(options: argparse.Namespace, seconds: float) -> str:
    command = "python -m benchmarks.compare " + shlex.join(sys.argv[1:])
    return (
        f"{dt.datetime.now().astimezone():%Y-%m-%d}, {_processor()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}; {options.items or 'all'} items of {options.corpus.name}"
        f"{f', judged set {options.judged.name}' if options.judged else ''}; {seconds / 60:.0f} minutes with"
        f" `{command.strip()}`."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def options_of_command_line() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10_000, help="The first so many of the corpus (10,000); 0 is all.")
    parser.add_argument(
        "--queries", type=int, default=300, help="Of one client (300); eight clients ask twice as many."
    )
    parser.add_argument("--corpus", type=Path, default=DATA / "debian-packages.jsonl.gz", help=".jsonl or .jsonl.gz")
    parser.add_argument("--judged", type=Path, default=DATA / "search" / "esci", help="A judged set's folder.")
    parser.add_argument("--no-judged", dest="judged", action="store_const", const=None, help="Leave nDCG out.")
    parser.add_argument("--systems", nargs="+", default=list(OWN), choices=list(OWN))
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "benchmarks", help="For data and environment.")
    parser.add_argument("--port", type=int, default=8190)
    parser.add_argument("--publish", action="store_true", help="Write the table into docs/comparison.md.")
    options = parser.parse_args()
    options.folder = options.folder.resolve()
    return options


if __name__ == "__main__":
    sys.exit(main())
