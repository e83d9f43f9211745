"""The admin's first page and the evaluation runs."""

from __future__ import annotations

from typing import Any

import pytest

from catalog.models import Run
from catalog.schemas import parse_item
from catalog.services.collections import create_collection
from catalog.services.items import upsert_items
from catalog.services.merge import merge_items
from search.embedding.queue import pipeline
from search.models import EvaluationRun, ItemEmbedding
from search.models.embedding import EmbeddingState
from tests.admin_people import administrator, charlie, curator
from tests.factories import add_items, make_collection

pytestmark = pytest.mark.django_db


def evaluated(ndcg: float, **values: Any) -> EvaluationRun:
    figures = {"ndcg_at_10": ndcg, "ci95": [0.1, 0.9], "recall_at_100": 0.8, "p50_ms": 4.0, "p95_ms": 9.0}
    return EvaluationRun.objects.create(dataset="demo", figures={"modes": {"hybrid": figures}}, **values)


def values_of(browser: Any) -> dict[str, str]:
    return {figure.name: figure.value for figure in browser.get("/admin/").context["figures"]}


def test_the_overview_counts(django_assert_max_num_queries: Any) -> None:
    shop = create_collection(slug="shop")
    upsert_items(collection=shop, entries=[parse_item({"external_id": n, "title": n}) for n in "abc"])
    ItemEmbedding.objects.filter(item__external_id="a").update(state=EmbeddingState.FAILED)
    Run.objects.create(kind="import", collection=shop, done=3)
    evaluated(0.7654)
    browser = curator()
    with django_assert_max_num_queries(14):
        page = browser.get("/admin/").content.decode()
    assert "Import of Shop" in page
    assert "0.765" in page
    assert "oldest:" in page
    expected = {"Items": "3", "Searchable by meaning": "0", "Waiting": "2", "Failed": "1", "Pairs to review": "0"}
    assert values_of(browser) == expected


def test_merged_items_are_told_apart_from_those_that_can_be_found() -> None:
    keeper, other, _ = add_items(make_collection(), *[{"title": f"Tent {n}"} for n in range(3)])
    pipeline.drain()
    merge_items(keeper=keeper, other=other)
    figures = {figure.name: figure for figure in curator().get("/admin/").context["figures"]}
    assert (figures["Items"].value, figures["Items"].note) == ("2", "2 published, 1 merged")
    assert figures["Searchable by meaning"].value == "2"


def test_the_overview_of_an_empty_catalog() -> None:
    assert values_of(administrator())["Items"] == "0"


def test_charlie_sees_no_figure_and_no_link() -> None:
    Run.objects.create(kind="import")
    evaluated(0.7)
    page = charlie().get("/admin/").content.decode()
    assert "nothing here that you may view" in page
    assert "/admin/catalog/" not in page
    assert "/admin/search/duplicatepair" not in page
    assert "0.700" not in page


def test_evaluation_runs_show_figures_and_a_trend() -> None:
    for ndcg in (0.71, 0.74):
        evaluated(ndcg)
    evaluated(0.1, configuration={"comparison": "x", "space": "other"})
    EvaluationRun.objects.create(dataset="old", figures={})
    EvaluationRun.objects.create(dataset="demo", configuration={"labels": 200}, figures={"flagged": {"f1": 0.912}})
    response = curator().get("/admin/search/evaluationrun/")
    page = response.content.decode()
    assert "0.740 (0.100 to 0.900)" in page
    assert "4.0 / 9.0 ms" in page
    assert "0.912" in page
    assert "labels 200" in page
    assert 'points="16.0,124.0 544.0,16.0"' in page
    assert "<script>" not in page.split('class="akin-columns"')[1].split("</figure>")[0]
    assert [chart.title for chart in response.context["charts"]] == [
        "demo: flagged pairs, F1",
        "old: nDCG@10",
        "demo: nDCG@10",
    ]


def test_charlie_sees_no_evaluation() -> None:
    assert charlie().get("/admin/search/evaluationrun/").status_code == 403
