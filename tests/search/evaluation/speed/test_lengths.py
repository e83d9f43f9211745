"""`benchmark --lengths` says what long and repeated queries cost."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from search.evaluation.speed.lengths import LENGTHS
from tests.factories import shop_of


@pytest.mark.django_db
def test_each_length_the_ratio_and_a_repeated_query_are_timed() -> None:
    shop_of(*({"title": f"Tent {n}", "body": f"Room number {n} for tents. " * 40} for n in range(20)))
    out = StringIO()
    call_command("benchmark", collection="shop", lengths=2, json=True, stdout=out)
    figures = json.loads(out.getvalue())["lengths"]
    assert set(figures) == {*(f"{length}_characters_ms" for length in LENGTHS), "longest_to_shortest", "repeated_ms"}
    ratio = figures[f"{LENGTHS[-1]}_characters_ms"] / figures[f"{LENGTHS[0]}_characters_ms"]
    assert figures["longest_to_shortest"] == pytest.approx(ratio, rel=0.02)
    assert 0 < figures["repeated_ms"] < figures[f"{LENGTHS[0]}_characters_ms"]
