"""`benchmark --profile` says where a search's time goes."""

from __future__ import annotations

import json
import time
from io import StringIO
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from django.core.management import CommandError, call_command
from pytest_django.live_server_helper import LiveServer

from search.embedding.encoders.fake import FakeEncoder
from tests.factories import make_collection, shop_of


def profile_of(**options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("benchmark", collection="shop", queries=5, profile=True, json=True, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())["profile"]
    return found


@pytest.mark.django_db
def test_its_parts_are_the_encoder_each_statement_and_python() -> None:
    shop_of(*({"title": f"tent number {n} of many", "attributes": {"brand": "a"}} for n in range(20)))
    found = profile_of()
    assert {"query_words.query_words", "index_query.fetch", "hits.load_rows"} <= set(found["statements"])
    assert all(share["calls"] > 0 for share in found["statements"].values())
    assert 0 < found["queries"] <= 5, "fewer where two would be the same"
    parts = found["encoder_ms"] + found["statements_ms"] + found["python_ms"]
    assert parts == pytest.approx(found["function_ms"], abs=0.05)
    assert sum(share["ms"] for share in found["statements"].values()) == pytest.approx(found["statements_ms"], abs=0.1)
    assert "transport_ms" not in found


@pytest.mark.django_db
def test_a_slow_encoder_shows_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    shop_of(*({"title": f"tent number {n} of many"} for n in range(20)))
    encode = FakeEncoder.encode_query

    def slowly(encoder: FakeEncoder, text: str) -> npt.NDArray[np.float32]:
        time.sleep(0.05)
        return encode(encoder, text)

    monkeypatch.setattr(FakeEncoder, "encode_query", slowly)
    assert profile_of()["encoder_ms"] >= 50


@pytest.mark.django_db(transaction=True)
def test_through_http_the_rest_is_transport(live_server: LiveServer) -> None:
    shop_of(*({"title": f"tent number {n} of many"} for n in range(20)))
    found = profile_of(url=live_server.url)
    assert found["http_ms"] == pytest.approx(found["function_ms"] + found["transport_ms"], abs=0.05)


@pytest.mark.django_db
def test_an_empty_collection_is_refused() -> None:
    make_collection()
    with pytest.raises(CommandError, match="nothing to search for in 'shop'"):
        profile_of()
