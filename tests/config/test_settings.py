"""Settings from the environment: typed, refused with name and value, and all of them documented."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from marshmallow import validate

from config.environ import databases, environment
from config.environ.secret_key import kept_secret_key
from config.settings_table import SETTINGS_PAGE, with_table

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _own_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """What these tests read is not a setting of Akin."""
    monkeypatch.setattr(environment, "VARIABLES", dict(environment.VARIABLES))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("eighty", "Not a valid integer"),
        ("0", "from 1 to 65535"),
        ("65536", "from 1 to 65535"),
        ("80.5", "Not a valid"),
    ],
)
def test_a_wrong_number_is_refused_with_name_and_value(
    value: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOOR", value)
    with pytest.raises(ImproperlyConfigured, match=f"DOOR='{value}' is refused: .*{reason}"):
        environment.integer("DOOR", 8000, "", at_least=1, at_most=65535)


@pytest.mark.parametrize(
    ("reader", "value", "options"),
    [
        (environment.boolean, "perhaps", {"default": False}),
        (environment.choice, "LOUD", {"default": "INFO", "among": ["INFO", "DEBUG"]}),
        (environment.address, "mysql://db/akin", {"schemes": ["postgresql"], "shown_default": ""}),
        (environment.names, "https://a.org,b.org", {"default": [], "check": validate.Regexp("https://")}),
        (environment.folder, __file__, {"default": Path("var"), "shown_default": "var"}),
    ],
)
def test_every_kind_of_wrong_value_is_refused(
    reader: Any, value: str, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured, match=r"THING=.* is refused"):
        reader("THING", meaning="", **options)


@pytest.mark.parametrize("value", ["10.0.0.0/99", "300.1.1.1", "10.0.0.0/8,proxy", "::1/200"])
def test_a_wrong_network_of_proxies_stops_the_start_with_name_and_value(value: str) -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env={**os.environ, "AKIN_TRUSTED_PROXIES": value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 1
    last = started.stderr.strip().splitlines()[-1]
    assert f"AKIN_TRUSTED_PROXIES='{value.rpartition(',')[2]}' is refused: " in last


def test_an_empty_value_means_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOOR", "")
    assert environment.integer("DOOR", 8000, "", at_least=1, at_most=65535) == 8000


def test_a_misspelt_setting_is_refused_with_the_right_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AKIN_ENCODER_THREAD", "2")
    with pytest.raises(ImproperlyConfigured, match="Did you mean AKIN_ENCODER_THREADS"):
        environment.refuse_unknown()


def test_no_message_shows_a_password_or_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        databases.database("postgresql://akin:hush@host:5432", Path("var"), pool_size=0)
    assert "akin:***@host:5432" in str(refused.value)
    monkeypatch.setenv("KEY", "hush")
    with pytest.raises(ImproperlyConfigured, match=r"KEY='\(not shown\)' .* 4 characters"):
        environment.secret("KEY", "", shown_default="", at_least=50)


def test_a_database_url_becomes_djangos_settings() -> None:
    found = databases.database(
        "postgresql://me:p%40ss@db.example.org:6432/shop?sslmode=require", Path("var"), pool_size=0
    )
    assert (found["NAME"], found["USER"], found["PASSWORD"]) == ("shop", "me", "p@ss")
    assert (found["HOST"], found["PORT"]) == ("db.example.org", "6432")
    assert found["OPTIONS"] == {"sslmode": "require", "connect_timeout": 10}
    pooled = databases.database("postgresql:///shop", Path("var"), pool_size=5)
    assert (pooled["OPTIONS"]["pool"]["max_size"], pooled["CONN_MAX_AGE"]) == (5, 0)


def test_the_way_past_a_pooler_is_one_to_the_same_database() -> None:
    pooler, way = "postgresql://me@pooler:6432/shop", "postgresql://me@db:5432/shop"
    found = databases.database(pooler, Path("var"), pool_size=5, password="hush", direct_url=way)
    assert (found["HOST"], found["PASSWORD"], found["DISABLE_SERVER_SIDE_CURSORS"]) == ("pooler", "hush", True)
    direct = found["DIRECT"]
    assert (direct["HOST"], direct["PORT"], direct["PASSWORD"]) == ("db", "5432", "hush")
    assert "pool" not in direct["OPTIONS"]
    assert "DIRECT" not in databases.database(pooler, Path("var"), pool_size=5)
    for url, wrong in ((pooler, "postgresql://me@db/other"), ("", way)):
        with pytest.raises(ImproperlyConfigured, match=r"DATABASE_DIRECT_URL=.* is refused"):
            databases.database(url, Path("var"), pool_size=0, direct_url=wrong)


@pytest.mark.parametrize(
    ("database_url", "redis_url", "services"),
    [("", "", ("postgres", "redis")), ("postgresql:///a", "", ("redis",)), ("postgresql:///a", "redis://b", ())],
)
def test_only_what_no_url_names_is_embedded(database_url: str, redis_url: str, services: tuple[str, ...]) -> None:
    assert databases.embedded_services(database_url, redis_url) == services


def test_celery_gets_the_same_redis_in_its_own_words() -> None:
    assert databases.broker_url("redis://host:6379/1", Path("var")) == "redis://host:6379/1"
    assert databases.broker_url("unix:///run/redis.sock", Path("var")) == "redis+socket:///run/redis.sock"


def test_the_secret_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    key = kept_secret_key(tmp_path)
    assert len(key) >= 50
    assert kept_secret_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    (tmp_path / "secret_key").chmod(0o644)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        kept_secret_key(tmp_path)


def test_a_command_ends_with_the_message_and_no_traceback() -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "PORT": "eighty"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == "akin: PORT='eighty' is refused: Not a valid integer.\n"


def test_the_documentation_has_every_setting_as_the_code_reads_it() -> None:
    page = SETTINGS_PAGE.read_text()
    assert with_table(page) == page, "Run: make settings"
