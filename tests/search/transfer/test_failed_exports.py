"""An export that fails leaves nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.management import CommandError

from catalog.models import Collection
from tests.factories import shop_of
from tests.search.transfer.test_collection_file import WORDS, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Collection:
    items = [
        {"title": f"{word} {n}", "body": f"A {word}\tfor “hikers” \\ {n}\nÄ", "attributes": {"price": n + 0.1}}
        for n, word in enumerate(WORDS)
    ]
    return shop_of(*items, visibility="private", search_settings={"lexical_weight": 2})


def test_a_failed_export_leaves_the_file_before_as_it_was(
    shop: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "shop.akin"
    run("export_collection", file, "--collection", "shop")
    before = file.read_bytes()
    monkeypatch.setattr("search.transfer.archive.Writer.seal", _fails)
    with pytest.raises(CommandError, match="No space left"):
        run("export_collection", file, "--collection", "shop")
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["shop.akin"]
    assert file.stat().st_mode & 0o777 == 0o600


def _fails(self: object) -> None:
    raise OSError(28, "No space left on device")
