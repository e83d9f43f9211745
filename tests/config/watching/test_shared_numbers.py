"""Counters that several processes share: summed by what the process is, gone with it, never mixed up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from config.watching.measuring import shared

ROOT = Path(__file__).resolve().parents[3]
COUNTS = """
import os, sys
sys.argv[0] = "/usr/bin/celery"
import django
django.setup()
from config.watching.measuring import meters, shared
shared.name_process(sys.argv[1])
meters.EVENTS.labels("test").inc(3)
if os.fork() == 0:
    meters.EVENTS.labels("test").inc(4)
    os._exit(0)
os.wait()
print("counted", flush=True)
sys.stdin.read()
"""
READS = """
import django, json
django.setup()
from config.watching.measuring.collectors import ProcessesCollector
samples = [sample for metric in ProcessesCollector().collect() for sample in metric.samples]
print(json.dumps([[one.labels, one.value] for one in samples if one.name == "akin_events_total"]))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": "config.settings", "AKIN_DATA_DIR": str(tmp_path)}


def count_in(name: str, environment: dict[str, str]) -> subprocess.Popen[str]:
    """A process that counted seven together with its child, and lives until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTS, name],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "counted\n"
    return process


def read(environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", READS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return sorted(json.loads(done.stdout), key=lambda one: one[0]["process"])


def test_children_count_with_their_worker_and_workers_of_one_name_together(environment: dict[str, str]) -> None:
    running = [count_in(name, environment) for name in ("embedding", "embedding", "jobs")]
    try:
        assert read(environment) == [
            [{"event": "test", "process": "embedding"}, 14.0],
            [{"event": "test", "process": "jobs"}, 7.0],
        ]
    finally:
        for process in running:
            process.communicate("")


def test_what_a_dead_process_counted_goes_when_the_next_one_starts(environment: dict[str, str], tmp_path: Path) -> None:
    count_in("jobs", environment).communicate("")
    living = count_in("embedding", environment)
    try:
        assert [labels["process"] for labels, _ in read(environment)] == ["embedding"]
        assert len(list((tmp_path / "metrics").iterdir())) == 1
    finally:
        living.communicate("")


def test_commands_share_nothing(settings: Settings, tmp_path: Path) -> None:
    settings.AKIN_DATA_DIR = tmp_path
    shared.open_folder()
    assert not shared.is_shared() and not (tmp_path / "metrics").exists()
