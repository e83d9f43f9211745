"""The commands that fill a collection, without any worker."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from catalog import demo
from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind, RunState
from search.models import CollectionStatistic, ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.factories import find, ids

pytestmark = pytest.mark.django_db


def import_items(path: Path, *options: str) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_items", str(path), "--collection", "shop", *options, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "items.jsonl"
    lines = [json.dumps({"external_id": str(n), "title": f"tent {n}"}) for n in range(3)]
    path.write_text("\n".join([*lines, "{broken"]))
    return path


def test_waiting_ends_with_every_item_embedded_counted_and_found(file: Path) -> None:
    out, err = import_items(file, "--wait")
    assert "3 created, 0 updated, 0 unchanged, 1 bad lines" in out
    assert "3 items are embedded and indexed, 0 failed" in out
    assert "line 4: not JSON" in err
    assert ids(find(Collection.objects.get(slug="shop"), "tent 2"))[0] == "2"
    assert CollectionStatistic.objects.get().documents == 3


def test_without_waiting_the_items_are_left_to_the_workers(file: Path) -> None:
    out, _ = import_items(file)
    assert "embedded" not in out
    assert set(ItemEmbedding.objects.values_list("state", flat=True)) == {EmbeddingState.PENDING}


def test_a_second_import_changes_nothing_and_encodes_nothing(file: Path) -> None:
    import_items(file, "--wait")
    out, _ = import_items(file, "--wait")
    assert "0 created, 0 updated, 3 unchanged" in out


def test_an_import_is_a_run_that_ends(file: Path) -> None:
    import_items(file)
    run = Run.objects.get()
    assert (run.kind, run.state, run.done, run.failed, run.total) == (RunKind.IMPORT, RunState.FINISHED, 3, 1, 4)
    assert run.finished_at is not None and run.detail == {"file": "items.jsonl"}


def test_a_file_without_a_good_line_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("{\n" * 30)
    with pytest.raises(CommandError, match="No line of the file could be imported"):
        import_items(path)


@pytest.mark.parametrize("name", ["missing.jsonl", "items.txt"])
def test_a_file_that_cannot_be_read_makes_no_collection(tmp_path: Path, name: str) -> None:
    with pytest.raises(CommandError, match=name):
        import_items(tmp_path / name)
    assert not Collection.objects.exists() and not Run.objects.exists()


def test_stopping_by_hand_keeps_what_landed_and_ends_the_run(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("search.management.commands.import_items._show", stop)
    with pytest.raises(CommandError, match="what was imported so far stays"):
        import_items(file)
    assert Run.objects.get().state == RunState.CANCELLED and Item.objects.count() == 3


def test_columns_are_mapped_and_left_out_by_options(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    path.write_text("Nr,Ding,name,noise\n7,Zelt,Tarn,x\n")
    out, _ = import_items(path, "--map", "title=Ding", "--map", "external_id=Nr", "--ignore", "noise")
    item = Item.objects.get()
    assert (item.external_id, item.title, item.attributes) == ("7", "Zelt", {"name": "Tarn"})
    assert "external_id from 'Nr'" in out and "/c/shop/" in out


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--map", "title"), "write FIELD=COLUMN"),
        (("--map", "heading=Ding"), "There is no field 'heading'; there are: external_id, title"),
        (("--map", "title=None"), "There is no column 'None'; the file has: 'Nr', 'Ding'"),
        (("--ignore", "noise"), "There is no column 'noise'; the file has: 'Nr', 'Ding'"),
        (("--encoding", "klingon", "--map", "title=Ding"), "There is no encoding 'klingon'"),
        (("--delimiter", "||", "--map", "title=Ding"), "one character, or tab"),
        ((), "No column is named title or name"),
    ],
)
def test_a_wrong_option_is_told_in_one_sentence(tmp_path: Path, options: tuple[str, ...], reason: str) -> None:
    path = tmp_path / "things.csv"
    path.write_text("Nr,Ding\n7,Zelt\n")
    with pytest.raises(CommandError, match=reason.replace("|", r"\|")) as told:
        import_items(path, *options)
    assert str(tmp_path) not in str(told.value)
    assert not Collection.objects.exists() and not Run.objects.filter(state=RunState.RUNNING).exists()


@pytest.mark.parametrize(
    ("encoding", "delimiter", "mark"), [("cp1252", ";", ";"), ("utf-16", "tab", "\t"), ("mac-roman", "^", "^")]
)
def test_encoding_and_delimiter_are_said_outright(tmp_path: Path, encoding: str, delimiter: str, mark: str) -> None:
    path = tmp_path / "things.csv"
    path.write_bytes(f"id{mark}title\n1{mark}Größe\n".encode(encoding))
    import_items(path, "--encoding", encoding, "--delimiter", delimiter)
    assert Item.objects.get().title == "Größe"


def test_rows_that_do_not_land_are_written_to_a_file(tmp_path: Path) -> None:
    path, bad = tmp_path / "things.csv", tmp_path / "bad.csv"
    path.write_text("id,title\n1,A\n2,\n1,Again\n")
    _, err = import_items(path, "--bad-rows", str(bad))
    assert "repeats the id '1' of line 2" in err
    assert [line.split(",")[0] for line in bad.read_text().splitlines()] == ["akin_line", "3", "4"]
    bad.write_text(bad.read_text().replace(",2,", ",2,B").replace(",1,Again", ",3,Again"))
    import_items(bad)
    assert sorted(Item.objects.values_list("external_id", flat=True)) == ["1", "2", "3"]


@pytest.mark.django_db(transaction=True)
def test_the_demo_catalog_is_loaded_and_loading_it_again_restores_it() -> None:
    call_command("load_demo", "--wait", stdout=io.StringIO(), stderr=io.StringIO())
    collection = Collection.objects.get(slug=demo.SLUG)
    count = Item.objects.visible().filter(collection=collection).count()
    assert count >= 600 and collection.attribute_schema == demo.ATTRIBUTE_SCHEMA
    assert not ItemEmbedding.objects.exclude(state=EmbeddingState.EMBEDDED).exists()
    assert find(collection, "tent", facets=("category", "price")).facets["category"]
    Item.objects.filter(external_id="out-0001").update(title="Spoilt")
    Item.objects.filter(external_id="out-0002").delete()
    call_command("load_demo", stdout=io.StringIO(), stderr=io.StringIO())
    assert Item.objects.count() == count and not Item.objects.filter(title="Spoilt").exists()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS item_words_c{collection.pk}")
