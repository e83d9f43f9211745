"""A rolling deployment: while the version before still answers, the database already has the tables of this one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

from tests.config.deploying import journey
from tests.config.deploying.travelling import EXPECTED, travel_with

ROOT = Path(__file__).resolve().parents[3]

# The oldest version that this one may run beside, and the last migrations that it had. A release moves all three.
RELEASED_COMMIT = "578e34e07ac68ab0fb33110269a31f09c8d9239f"
RELEASED_MIGRATIONS = {"catalog": "0017_interest_runs", "search": "0017_variants_and_estimates"}


def newer_migrations() -> list[tuple[str, str]]:
    return [
        (app, path.stem)
        for app, released in RELEASED_MIGRATIONS.items()
        for path in sorted((ROOT / app / "migrations").glob("[0-9]*.py"))
        if path.stem > released
    ]


def lint(app: str, name: str) -> bool:
    """Whether code that does not know of the migration can go on writing, and is not kept from it for long."""
    linter = MigrationLinter(no_cache=True, all_warnings_as_errors=True)
    linter.lint_migration(linter.migration_loader.get_migration(app, name))
    return not linter.has_errors


@pytest.mark.django_db
@pytest.mark.parametrize(("app", "name"), newer_migrations())
def test_no_newer_migration_takes_from_the_code_before_what_it_writes(app: str, name: str) -> None:
    assert lint(app, name), "See docs/changing.md, a change of a table: first expand, contract one release later."


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("app", "name"), [("search", "0017_variants_and_estimates"), ("catalog", "0005_search_settings")]
)
def test_a_column_that_the_code_before_would_have_to_fill_is_refused(app: str, name: str) -> None:
    assert not lint(app, name)


@pytest.mark.django_db
def test_the_release_is_a_point_in_the_history_of_migrations() -> None:
    known = MigrationLoader(connections["default"]).graph.nodes
    assert set(RELEASED_MIGRATIONS.items()) <= set(known)


@pytest.fixture(scope="module")
def code_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the released version."""
    if shutil.which("git") is None:
        pytest.skip("No git in PATH.")
    command = ["git", "-C", str(ROOT), "archive", RELEASED_COMMIT]
    archived = subprocess.run(command, capture_output=True, check=False)
    if archived.returncode:
        pytest.skip(f"The released commit {RELEASED_COMMIT} is not in this checkout.")
    folder = tmp_path_factory.mktemp("before")
    subprocess.run(["tar", "--extract", "--directory", str(folder)], input=archived.stdout, check=True)
    return folder


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_code_before_works_on_the_tables_after_beside_the_code_after(code_before: Path, tmp_path: Path) -> None:
    assert travel_with(code_before, "before", tmp_path) == EXPECTED
    assert journey.travel("after", tmp_path) == EXPECTED
    assert journey.look(journey.Caller(), "before") | {"decided": EXPECTED["decided"]} == {
        name: value for name, value in EXPECTED.items() if name != "scan"
    }
