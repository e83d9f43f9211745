"""Passwords and keys from files: NAME_FILE beside NAME, refused with the name of setting and file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environ import databases, environment, secret_files

ROOT = Path(__file__).resolve().parents[2]
PRINT = """
from config import settings
print(settings.SECRET_KEY)
print(settings.DATABASES["default"]["PASSWORD"], settings.DATABASES["default"]["HOST"])
print(settings.CACHES["default"]["LOCATION"], settings.CELERY_BROKER_URL)
print(settings.AKIN_METRICS_TOKEN, settings.ENDPOINT_KEYS)
"""


@pytest.fixture(autouse=True)
def _own_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests read is not a setting of Akin."""
    monkeypatch.setattr(environment, "VARIABLES", dict(environment.VARIABLES))


def file_with(folder: Path, text: str | bytes, name: str = "secret") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_a_whole_configuration_can_come_from_files(tmp_path: Path) -> None:
    variables = {
        "SECRET_KEY_FILE": file_with(tmp_path, "k" * 60 + "\n", "key"),
        "DATABASE_URL_FILE": file_with(tmp_path, "postgresql://akin@db.example.org/akin\n", "database"),
        "DATABASE_PASSWORD_FILE": file_with(tmp_path, "p@ss/word", "password"),
        "REDIS_URL": "redis://cache.example.org:6380/2",
        "REDIS_PASSWORD_FILE": file_with(tmp_path, "r@d:s\r\n", "redis"),
        "AKIN_METRICS_TOKEN_FILE": file_with(tmp_path, "t" * 30, "token"),
        "AKIN_SHOP_KEY_FILE": file_with(tmp_path, "of-an-endpoint", "shop"),
        "AKIN_DATA_DIR": str(tmp_path / "var"),
    }
    others = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        [sys.executable, "-c", PRINT], cwd=ROOT, env=others | variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    redis = "redis://:r%40d%3As@cache.example.org:6380/2"
    assert done.stdout.splitlines() == [
        "k" * 60,
        "p@ss/word db.example.org",
        f"{redis} {redis}",
        "t" * 30 + " {'AKIN_SHOP_KEY': 'of-an-endpoint'}",
    ]
    assert not (tmp_path / "var" / "secret_key").exists()


def test_a_value_beside_its_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOOR_KEY", "open")
    monkeypatch.setenv("DOOR_KEY_FILE", file_with(tmp_path, "open"))
    with pytest.raises(ImproperlyConfigured, match="DOOR_KEY and DOOR_KEY_FILE are both set"):
        secret_files.read("DOOR_KEY")


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is empty"),
        (" \n", "is empty"),
        ("one\ntwo", "more than one line"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        ("x" * 20_000, "more than 16384 bytes"),
    ],
)
def test_a_file_that_cannot_be_it_is_refused_with_setting_and_file(
    contents: str | bytes | None, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "absent") if contents is None else file_with(tmp_path, contents)
    monkeypatch.setenv("DOOR_KEY_FILE", path)
    with pytest.raises(ImproperlyConfigured, match=f"DOOR_KEY_FILE='{path}' is refused: .*{reason}"):
        environment.secret("DOOR_KEY", "", shown_default="", at_least=1)


def test_what_is_wrong_in_a_file_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOOR_FILE", file_with(tmp_path, "hush-hush"))
    with pytest.raises(ImproperlyConfigured, match=r"DOOR_FILE=.*9 characters, at least 50") as short:
        environment.secret("DOOR", "", shown_default="", at_least=50)
    with pytest.raises(ImproperlyConfigured, match=r"DOOR_FILE=.*begin with redis://") as scheme:
        environment.address("DOOR", "", schemes=["redis"], shown_default="")
    assert "hush" not in f"{short.value}{scheme.value}"


def test_only_a_secret_has_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKIN_METRICS_TOKEN_FILE", "/run/secrets/token")
    monkeypatch.setenv("AKIN_SHOP_KEY_FILE", "/run/secrets/shop")
    environment.refuse_unknown()
    monkeypatch.setenv("AKIN_RATE_LIMIT_FILE", "/run/secrets/limit")
    with pytest.raises(ImproperlyConfigured, match="There is no such setting"):
        environment.refuse_unknown()


@pytest.mark.parametrize(
    ("url", "reason"), [("", "it is not set"), ("postgresql://akin:own@db/akin", "it has one already")]
)
def test_a_password_needs_a_url_without_one(url: str, reason: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"DATABASE_PASSWORD is for DATABASE_URL, and {reason}"):
        databases.database(url, Path("var"), pool_size=0, password="hush")


@pytest.mark.parametrize("url", ["", "redis://:own@cache", "unix:///run/redis.sock"])
def test_redis_takes_a_password_only_where_it_can_be_used(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="REDIS_PASSWORD is for"):
        databases.redis_url(url, Path("var"), password="hush")


def test_the_script_makes_each_secret_once_and_for_its_owner(tmp_path: Path) -> None:
    script = tmp_path / "deploy" / "make-secrets"
    script.parent.mkdir()
    script.write_text((ROOT / "deploy" / "make-secrets").read_text())
    for _ in range(2):
        subprocess.run(["sh", str(script)], check=True, capture_output=True)
        made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    first = subprocess.run(["sh", str(script)], check=True, capture_output=True, text=True)
    assert first.stdout == ""
    assert set(made) == {"secret_key", "postgres_password", "redis_password"}
    assert {len(value) for value in made.values()} == {64}
    assert len(set(made.values())) == 3
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0
