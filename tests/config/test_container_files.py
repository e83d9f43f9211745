"""The compose file starts what the Procfile starts, on parts of the right versions."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from honcho.environ import parse_procfile

from config.server import limits

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return loaded


def test_every_process_of_the_procfile_is_a_service_with_the_same_command(services: dict[str, Any]) -> None:
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert {name: shlex.split(command) for name, command in processes.items()} == {
        name: services[name]["command"] for name in processes
    }


def test_every_lasting_service_tells_whether_it_is_well(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "healthcheck" not in service} == {"prepare"}


def test_the_database_has_a_pgvector_that_passes_the_system_check(services: dict[str, Any]) -> None:
    assert services["postgres"]["image"] == "pgvector/pgvector:0.8.5-pg18"


def test_no_process_of_akin_runs_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER akin") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))


def test_only_the_proxy_is_reached_from_outside_and_only_through_https(services: dict[str, Any]) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"proxy"}
    assert services["web"]["environment"]["AKIN_HTTPS"] == "true"


def test_the_proxy_has_the_limits_of_the_server() -> None:
    text = (ROOT / "Caddyfile").read_text()
    assert f"read_header {limits.HEADER_SECONDS:.0f}s" in text
    assert f"max_header_size {limits.HEADER_BYTES // 1024}KiB" in text
    assert f"max_size {limits.BODY_BYTES // 1024**2}MiB" in text


def test_passwords_come_from_files_that_only_their_readers_are_given(services: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    files = yaml.safe_load(text)["secrets"]
    assert {name: secret["file"] for name, secret in files.items()} == {
        name: f"./secrets/{name}" for name in ("secret_key", "postgres_password", "redis_password")
    }
    given = {name: set(service.get("secrets", [])) for name, service in services.items()}
    assert given.pop("postgres") == {"postgres_password"}
    assert given.pop("redis") == {"redis_password"}
    assert given.pop("proxy") == set()
    assert {frozenset(secrets) for secrets in given.values()} == {frozenset(files)}
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            assert not name.endswith(("PASSWORD", "SECRET_KEY"))
            assert not name.endswith("_FILE") or value.removeprefix("/run/secrets/") in service["secrets"]
