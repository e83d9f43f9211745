"""The compose file and systemd start what the Procfile starts, on parts of the right versions, in bounds."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
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


def test_every_service_is_held_in_bounds(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert {"mem_limit", "pids_limit", "security_opt", "restart"} <= service.keys(), name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if name != "postgres":  # it changes its user itself, and its root is its own
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert not service.get("privileged") and "/var/run/docker.sock" not in str(service), name


def test_the_compose_file_is_one(tmp_path: Path) -> None:
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("No docker compose in PATH.")
    for name in ("docker-compose.yml", "Dockerfile", "Caddyfile"):
        shutil.copy(ROOT / name, tmp_path)
    command = ["docker", "compose", "--file", str(tmp_path / "docker-compose.yml"), "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_brings_its_model_and_no_secret() -> None:
    text = (ROOT / "Dockerfile").read_text()
    before, _, _ = text.partition("USER akin")
    assert "python manage.py convert_model && mv /models/models /app/models && rm -r /models" in before
    assert "ENV SECRET_KEY" not in text
    # What a build may be told is which images to stand on: anything else could be a secret that stays in the image.
    assert re.findall(r"^ARG (\w+)", text, re.MULTILINE) == ["NODE_IMAGE", "PYTHON_IMAGE"]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert {".git", "secrets", "var", ".venv"} <= set(ignored)


def test_every_image_of_others_has_a_stand_in_where_there_is_no_registry(services: dict[str, Any]) -> None:
    folder = ROOT / "deploy" / "podman"
    stand_ins = yaml.safe_load((folder / "stand-ins.yml").read_text())["services"]
    assert stand_ins.keys() == {name for name, service in services.items() if "build" not in service}
    built = re.findall(r"^build (\S+) (\S+)", (folder / "try").read_text(), re.MULTILINE)
    assert {service["image"] for service in stand_ins.values()} <= {f"localhost/{name}" for name, _ in built}
    assert all((ROOT / file).is_file() for _, file in built)
    assert subprocess.run(["bash", "-n", str(folder / "try")], check=False).returncode == 0


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


UNITS = sorted((ROOT / "deploy" / "systemd").iterdir())


def read_unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "systemd" / name)
    return unit


def test_the_target_of_systemd_wants_every_process_of_the_procfile() -> None:
    processes = parse_procfile((ROOT / "Procfile").read_text()).processes
    assert read_unit("akin.target")["Unit"]["Wants"].split() == [f"akin@{name}.service" for name in processes]


@pytest.mark.parametrize("name", ["akin@.service", "akin-prepare.service"])
def test_no_unit_of_systemd_runs_as_root_or_writes_elsewhere(name: str) -> None:
    service = read_unit(name)["Service"]
    assert (service["User"], service["ProtectSystem"], service["NoNewPrivileges"]) == ("akin", "strict", "yes")
    assert service["StateDirectory"] == "akin"


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("No systemd-analyze in PATH.")
    for unit in UNITS:
        name = unit.name.replace("@.", "@web.")
        (tmp_path / name).write_text(re.sub("/opt/akin/.venv/bin/[a-z]+", "/bin/true", unit.read_text()))
    names = [str(tmp_path / name) for name in ("akin@web.service", "akin-prepare.service")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *names], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
