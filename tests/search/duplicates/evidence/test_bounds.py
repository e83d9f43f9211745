"""Whatever items hold, in whatever script or encoding: terms stay in their bounds, and noise is not agreement."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.duplicates.comparing import word_counts
from search.duplicates.evidence.scorer import DEFAULT, explain
from search.duplicates.evidence.table import NAMES, TERMS, Evidence
from search.duplicates.evidence.terms import compare
from search.duplicates.reading.marks import marks_of_item
from search.duplicates.reading.profile import prepare
from search.duplicates.reading.words import WordStatistics

SCRIPTS = [
    "中文目录商品說明書",
    "カタログの商品です",
    "каталог товаров книга",
    "فهرس المنتجات كتاب",
    "สินค้าในแคตตาล็อก",
    "catalog of things",
]
ENCODINGS = ["utf-8", "cp1251", "shift-jis", "gbk", "latin-1", "cp1252"]
NUMBERS = ["12", "3.5 kg", "vol. 2", "1999", "10 x 20 cm", "disc 1", "0,75 l", "-1e9", "9" * 30]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Words of several scripts, numbers and signs, now and then read in the wrong encoding."""
    words = st.one_of(st.sampled_from(SCRIPTS), st.sampled_from(NUMBERS), st.text(max_size=12))
    text = draw(st.sampled_from([" ", "\n", " / ", "; "])).join(draw(st.lists(words, max_size=12)))
    if draw(st.booleans()):
        written, taken = draw(st.sampled_from(ENCODINGS)), draw(st.sampled_from(ENCODINGS))
        text = text.encode(written, "replace").decode(taken, "replace")
    return text


Item = tuple[str, str, dict[str, str | float]]
VALUES = st.one_of(texts(), st.integers(-(10**12), 10**12), st.floats(allow_nan=False, allow_infinity=False))
ITEMS = st.tuples(texts(), texts(), st.dictionaries(st.sampled_from(["size", "colour", "weight_g", "tracks"]), VALUES))


@settings(max_examples=300, deadline=None)
@given(ITEMS, ITEMS, st.floats(-1, 1), st.dictionaries(st.sampled_from(["size", "colour"]), st.floats(0, 1)))
def test_every_term_is_between_0_and_1(left: Item, right: Item, cosine: float, agreement: dict[str, float]) -> None:
    statistics = word_counts.count(
        (*word_counts.words_of_item(title, body), *marks_of_item(title, body, facts))
        for title, body, facts in (left, right, left)
    )
    ours, theirs = (prepare(*item, statistics) for item in (left, right))
    terms = asdict(compare(ours, theirs, cosine, agreement))
    assert {name: value for name, value in terms.items() if not 0 <= value <= 1} == {}


CATALOG = WordStatistics(5_000, {"various": 900, "artist": 950, "no": 2_000, "description": 1_800, "unknown": 700})


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (("������ ���", "��� ������"), ("���� ����", "����� ���")),
        (("Ãîñòè èç áóäóùåãî", ""), ("Ìàñòåð è Ìàðãàðèòà", "")),
        (("???? ?????", "?? ???"), ("??? ????", "???? ??")),
        (("Various artists", "No description"), ("Various artists", "No description available")),
        (("!!!", "..."), ("***", "---")),
        (("12 3 4", "7 8 9 10 11 12"), ("12 3 5", "7 8 9 10 11 13")),
        (("Unknown", ""), ("Unknown", "")),
    ],
)
def test_little_information_is_no_agreement(left: tuple[str, str], right: tuple[str, str]) -> None:
    ours, theirs = (prepare(*item, {}, CATALOG) for item in (left, right))
    assert DEFAULT.log_odds(compare(ours, theirs, 0.95)) < 0


@pytest.mark.parametrize("text", SCRIPTS)
def test_the_same_text_of_any_script_is_the_same(text: str) -> None:
    body = f"{text} " + " ".join(text[at:] for at in range(len(text) // 2))
    ours, theirs = (prepare(text, body, {}, CATALOG) for _ in range(2))
    assert DEFAULT.log_odds(compare(ours, theirs, 1.0)) > 0


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("第一巻 東京物語", "第二巻 東京物語"),
        ("Krieg und Frieden, Band 1", "Krieg und Frieden, Band 2"),
        ("Greatest Stories (Disc 1)", "Greatest Stories (Disc 2)"),
        ("Война и мир том 1", "Война и мир том 2"),
    ],
)
def test_two_volumes_are_no_duplicates(left: str, right: str) -> None:
    body = "Ein langes Werk in mehreren Teilen, gelesen von einem bekannten Sprecher"
    ours, theirs = (prepare(title, body, {}, CATALOG) for title in (left, right))
    evidence = compare(ours, theirs, 0.97)
    assert evidence.part_conflict == 1
    assert DEFAULT.log_odds(evidence) < 0


@pytest.mark.parametrize("kind", sorted({term.kind for term in TERMS}))
def test_no_kind_of_evidence_carries_a_pair_alone(kind: str) -> None:
    full = Evidence(**{term.name: float(term.kind == kind) for term in TERMS})
    assert DEFAULT.log_odds(full) < 0
    assert DEFAULT.across_sources().log_odds(full) < 0


@given(st.lists(st.floats(0, 1), min_size=len(TERMS), max_size=len(TERMS)))
def test_what_is_explained_adds_up_however_it_is_worked_out(values: list[float]) -> None:
    evidence = Evidence(**dict(zip(NAMES, values, strict=True)))
    total = DEFAULT.log_odds(evidence)
    assert total == pytest.approx(DEFAULT.intercept + sum(term.contribution for term in explain(evidence, DEFAULT)))
    assert total == pytest.approx(DEFAULT.log_odds_of_rows(np.array([values]))[0])
