"""What the processes of a start hold in memory: the default model takes neither torch nor what is around it."""

from __future__ import annotations

import shutil
import signal
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests.config.members import servers
from tests.config.started import ROOT, read_until, start
from tests.config.test_start import data_dir, free_port

__all__ = ["data_dir", "free_port"]  # fixtures

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.model]

# A guard against torch, with which these were 650 and 1,550, and no measurement: 290 to 315 and 940 to 990 were seen.
WEB_MEGABYTES = 350
ALL_MEGABYTES = 1_100  # just after the demo was embedded


def libraries(process: psutil.Process) -> set[str]:
    """The names of the files that it has mapped."""
    return {Path(found.path).name for found in process.memory_maps()}


def test_neither_web_server_nor_worker_loads_torch(
    data_dir: Path, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AKIN_ENCODER", "sentence-transformers")
    if (ROOT / "var" / "models").exists():  # the same conversion, which takes half a minute
        shutil.copytree(ROOT / "var" / "models", data_dir / "models")
    running = start(data_dir, free_port)
    try:
        read_until(running, f"Akin is ready: http://127.0.0.1:{free_port}")
        with urllib.request.urlopen(f"http://127.0.0.1:{free_port}/api/v1/collections/demo/search?q=warm+socks"):
            pass
        family = psutil.Process(running.pid).children(recursive=True)
        mapped = {process.pid: libraries(process) for process in family}
        assert not [pid for pid, names in mapped.items() if any(name.startswith("libtorch") for name in names)]
        models = [process for process in family if any("openvino" in name for name in mapped[process.pid])]
        assert len(models) >= 2, "the web server's and the worker's"
        web = [process for process in models if any("gunicorn" in part for part in process.cmdline())]
        resident = [process.memory_info().rss / 1e6 for process in web]
        together = sum(process.memory_full_info().pss for process in [*family, *servers(data_dir)]) / 1e6
        assert resident and max(resident) < WEB_MEGABYTES, resident
        assert together < ALL_MEGABYTES
    finally:
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=60)
