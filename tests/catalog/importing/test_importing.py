"""Importing files: every kind of line that does not land, and all the others that do."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.errors import InvalidInput
from catalog.importing import importing, json_rows
from catalog.importing.importing import import_file
from catalog.importing.lines import open_lines
from catalog.importing.report import ImportReport
from catalog.models import Collection, Item, Run
from catalog.models.run import RunKind
from tests.factories import make_collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Collection:
    return make_collection()


def line(external_id: str = "a", **fields: Any) -> bytes:
    return json.dumps({"external_id": external_id, "title": f"tent {external_id}", **fields}).encode()


def run_import(shop: Collection, path: Path, content: bytes, **options: Any) -> ImportReport:
    path.write_bytes(content)
    run = Run.objects.create(kind=RunKind.IMPORT, collection=shop)
    return import_file(path=path, collection=shop, run=run, **options)


def stored() -> list[str]:
    return list(Item.objects.order_by("id").values_list("external_id", flat=True))


def problems(report: ImportReport) -> dict[int, str]:
    return {problem.line: problem.reason for problem in report.problems}


def test_lines_become_items_and_the_second_time_nothing_changes(shop: Collection, tmp_path: Path) -> None:
    content = b"\n".join(
        [line("a", attributes={"price": 3.5, "colours": ["red"]}, url="https://x.org"), line("b"), b""]
    )
    first = run_import(shop, tmp_path / "items.jsonl", content)
    assert (first.created, first.updated, first.unchanged, first.bad) == (2, 0, 0, 0)
    second = run_import(shop, tmp_path / "items.jsonl", content.replace(b"tent b", b"tarp b"))
    assert (second.created, second.updated, second.unchanged, second.landed) == (0, 1, 1, 2)
    assert Item.objects.get(external_id="a").attributes == {"price": 3.5, "colours": ["red"]}


def test_bad_lines_are_reported_with_number_and_reason_and_the_others_land(shop: Collection, tmp_path: Path) -> None:
    bad = {
        2: (b"{not json", "not JSON"),
        3: (b'{"external_id": "x", "title": "t", "colour": "red"}', "colour: unknown key"),
        4: (b'{"external_id": "x", "title": "nul \\u0000"}', "NUL"),
        5: (b'{"external_id": "x", "title": " ", "body": ""}', "title and body are both empty"),
        6: (b"[1, 2]", "item"),
        7: (b'{"external_id": 5, "title": "t"}', "external_id"),
        8: (b"\xff\xfe", "not JSON"),
        9: (b'{"external_id": "x", "title": "t", "attributes": {"a": {"b": 1}}}', "attribute 'a' must be"),
        10: (b"{}" * 2, "not JSON"),
        11: (b'{"title": "no id"}', "external_id: Field required"),
        12: (b"[" * 5_000, "not JSON"),
        13: (b"\x00", "not JSON"),
        14: (b'{"external_id": "x", "title": "t", "attributes": {"n\\u0000": 1}}', "NUL"),
    }
    content = b"\n".join([line("first"), *(text for text, _ in bad.values()), line("last")])
    report = run_import(shop, tmp_path / "items.jsonl", content)
    assert stored() == ["first", "last"]
    assert (report.created, report.bad) == (2, len(bad))
    found = problems(report)
    assert set(found) == set(bad)
    for number, (_, reason) in bad.items():
        assert reason in found[number], number


def test_a_byte_order_mark_windows_line_ends_and_empty_lines_are_no_problem(shop: Collection, tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + line("a") + b"\r\n\r\n   \r\n" + line("b") + b"\r\n\xef\xbb\xbf"
    report = run_import(shop, tmp_path / "items.jsonl", content)
    assert (stored(), report.bad) == (["a", "b"], 0)


def test_an_empty_file_imports_nothing(shop: Collection, tmp_path: Path) -> None:
    report = run_import(shop, tmp_path / "items.jsonl", b"")
    assert (report.landed, report.bad) == (0, 0)


def test_a_line_that_is_too_long_is_skipped_and_the_next_ones_are_read(
    shop: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_rows, "MAX_LINE_BYTES", 200)
    content = b"\n".join([line("a"), line("b", body="x" * 900), line("c")])
    report = run_import(shop, tmp_path / "items.jsonl", content)
    assert (stored(), problems(report)) == (["a", "c"], {2: "longer than 200 bytes"})


def test_what_the_database_refuses_is_one_bad_line_and_not_the_end(shop: Collection, tmp_path: Path) -> None:
    """An identifier longer than an index row holds passes every check before."""
    noise = "".join(chr(0x4E00 + n * 7 % 20_000) for n in range(9_000))
    content = b"\n".join([line("a"), line("b", attributes={"sku": noise}), line("c")])
    report = run_import(shop, tmp_path / "items.jsonl", content)
    assert stored() == ["a", "c"]
    assert list(problems(report)) == [2]


def test_compressed_files_are_read(shop: Collection, tmp_path: Path) -> None:
    report = run_import(shop, tmp_path / "items.jsonl.gz", gzip.compress(line("a") + b"\n" + line("b")))
    assert (stored(), report.bad) == (["a", "b"], 0)


@pytest.mark.parametrize("damage", ["cut", "garbled", "no gzip", "cut in a line that is too long"])
def test_a_damaged_compressed_file_lands_what_comes_before_the_damage(
    shop: Collection, tmp_path: Path, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = "".join(chr(0x4E00 + n * n * 31 % 20_000) for n in range(30_000))
    content = bytearray(gzip.compress(b"\n".join([line("a"), line("b", body=noise), line("c")])))
    if damage == "no gzip":
        content = bytearray(line("a"))
    elif damage == "garbled":
        content[len(content) // 2 : len(content) // 2 + 50] = b"\xff" * 50
    else:
        del content[len(content) // 2 :]
    if damage == "cut in a line that is too long":
        monkeypatch.setattr(json_rows, "MAX_LINE_BYTES", 200)
    report = run_import(shop, tmp_path / "items.jsonl.gz", bytes(content))
    assert report.bad >= 1
    assert any("damaged from here on" in reason or "not JSON" in reason for reason in problems(report).values())
    assert stored() == ([] if damage == "no gzip" else ["a"])


@pytest.mark.parametrize("name", ["items.txt", "items.xls", "items.zip", "items.gz", "items"])
def test_other_kinds_of_files_are_refused(shop: Collection, tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match=r"must end in \.jsonl, \.jsonl\.gz, \.csv"):
        run_import(shop, tmp_path / name, line())


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    for name, reason in (("missing.csv", "No such file"), ("folder.jsonl", "Is a directory")):
        with pytest.raises(InvalidInput, match=reason), open_lines(tmp_path / name):
            pass


# CSV


# Progress


def test_progress_is_told_in_bytes_up_to_the_size_of_the_file(
    shop: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_SIZE", 2)
    rows = [f"{n},tent {n}".encode() for n in range(7)]
    for name, content in (
        ("a.jsonl", b"\n".join(line(str(n)) for n in range(7))),
        ("a.csv", b"\n".join([b"external_id,title", *rows])),
    ):
        told: list[int] = []
        run_import(shop, tmp_path / name, content, on_progress=lambda read, report, told=told: told.append(read))
        assert len(told) == 4 and told == sorted(told) and told[-1] == len(content)


def test_a_run_knows_how_far_it_is(shop: Collection, tmp_path: Path) -> None:
    run_import(shop, tmp_path / "items.jsonl", b"\n".join([line("a"), b"{", line("b")]))
    run = Run.objects.get()
    assert (run.done, run.failed) == (2, 1)


def test_a_cancelled_import_stops_after_its_batch_and_keeps_what_landed(
    shop: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH_SIZE", 3)

    def cancel(read: int, report: ImportReport) -> None:
        Run.objects.update(cancel_requested=True)

    content = b"\n".join(line(str(n)) for n in range(10))
    report = run_import(shop, tmp_path / "items.jsonl", content, on_progress=cancel)
    assert report.is_cancelled and stored() == ["0", "1", "2"]


def test_only_the_first_thousand_problems_are_kept_but_all_are_counted() -> None:
    report = ImportReport()
    for number in range(1_500):
        report.add_problem(number, "bad")
    assert (report.bad, len(report.problems)) == (1_500, 1_000)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_stop_the_reading_of_a_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    for name, prefix in (
        ("a.jsonl", b""),
        ("a.jsonl.gz", b""),
        ("b.jsonl.gz", b"\x1f\x8b"),
        ("a.csv", b"external_id,title\n"),
    ):
        (folder / name).write_bytes(prefix + content)
        try:
            with open_lines(folder / name) as lines:
                for one in lines:
                    assert (one.item is None) == bool(one.reason)
        except InvalidInput:
            pass  # by its first bytes it is a file of another kind, which one sentence says


def test_every_object_of_an_array_in_one_line_lands(shop: Collection, tmp_path: Path) -> None:
    content = json.dumps([{"id": str(n), "title": f"T {n}"} for n in range(30)]).encode()
    report = run_import(shop, tmp_path / "items.json", content)
    assert report.created == len(stored()) == 30
