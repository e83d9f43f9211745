"""A new model is compared with the old one before it is used."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from catalog import demo
from catalog.models import Collection, Run
from search.embedding.encoders import registry
from search.embedding.spaces import lifecycle
from search.evaluation.comparing import do_waiting, start_comparison
from search.models import EmbeddingSpace, EvaluationRun, JudgedSet
from search.models.embedding import EncoderKind
from tests.admin_people import administrator, charlie, curator
from tests.factories import shop_of
from tests.search.admin.spaces.test_spaces import built, judge, page_of, press

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_encoder_stays() -> Iterator[None]:
    registry._loaded.clear()
    yield
    registry._loaded.clear()


@pytest.fixture
def collection() -> Collection:
    return shop_of(*({"title": f"lamp number {n}"} for n in range(12)))


@pytest.fixture
def new(collection: Collection) -> EmbeddingSpace:
    return lifecycle.add_space(name="new", model="fake", kind=EncoderKind.FAKE, dimensions=64, options={"salt": "new"})


def test_a_comparison_is_a_run_of_a_worker_and_its_figures_are_shown(
    new: EmbeddingSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "items.jsonl").write_text('{"external_id": "a", "title": "red lamp"}\n')
    (tmp_path / "queries.jsonl").write_text('{"id": "1", "text": "red lamp"}\n')
    (tmp_path / "qrels.tsv").write_text("query_id\titem_id\tgrade\n1\ta\t1\n")
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    new, browser = built(new), administrator()
    assert "A worker compares new" in press(browser, new, "compare")
    assert "A worker compares new" in press(browser, new, "compare")
    run = Run.objects.get(kind="comparison")
    assert "Comparison" in page_of(browser, new)
    assert do_waiting() == 1
    run.refresh_from_db()
    assert (run.state, run.done, run.total) == ("finished", 1, 1)
    assert "<td>1.000</td><td>1.000</td>" in page_of(browser, new)
    assert "answers queries now." in press(browser, new, "activate")
    assert do_waiting() == 0, "a message that comes twice does nothing"


def test_a_comparison_that_fails_or_is_cancelled_says_so(
    new: EmbeddingSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new, browser = built(new), administrator()
    run = start_comparison(space=new)
    Run.objects.filter(pk=run.pk).update(cancel_requested=True)
    assert do_waiting() == 1
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert not Collection.objects.filter(slug__startswith="evaluation-").exists()
    for name in ("qrels.tsv", "queries.jsonl"):
        (tmp_path / name).write_text("nonsense")
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    run = start_comparison(space=new)
    assert do_waiting() == 1
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.detail["error"] in page_of(browser, new).replace("&#x27;", "'")


def test_a_new_model_is_judged_by_the_sets_of_collections(new: EmbeddingSpace, collection: Collection) -> None:
    other = shop_of({"title": "pan"}, slug="kitchen")
    for slug, name, title in ((collection, "lamps", "lamp number 3"), (other, "pans", "pan")):
        query = {"id": "1", "text": title, "grades": {slug.items.get(title=title).external_id: 1}}
        JudgedSet.objects.create(collection=slug, name=name, queries=[query])
    browser = administrator()
    lifecycle.build_space(new)
    assert "new is building: it can be compared when it is ready." in press(browser, new, "compare")
    new = built(new)
    assert "Searches both spaces for the judged queries of pans (kitchen), lamps (shop)." in page_of(browser, new)
    judge(new=0.62, old=0.60)
    assert "new was not compared with fake on pans (kitchen) yet." in press(browser, new, "activate"), "only on demo"
    press(browser, new, "compare")
    assert do_waiting() == 1
    assert Run.objects.get(kind="comparison").state == "finished"
    assert not Collection.objects.filter(slug__startswith="evaluation-").exists()
    page = page_of(browser, new)
    assert "<h3>lamps (shop)</h3>" in page and "<h3>pans (kitchen)</h3>" in page
    worse = EvaluationRun.objects.get(dataset="pans", configuration__space="new")
    worse.figures["hybrid"]["ndcg_at_10"] = 0.4
    worse.save()
    assert "On pans (kitchen) new is worse than fake: nDCG@10 0.400 against 1.000." in press(browser, new, "activate")
    worse.delete()
    assert "new was not compared with fake on pans (kitchen) yet." in press(browser, new, "activate")
    other.delete()
    assert "new answers queries now." in press(browser, new, "activate")


def test_with_nothing_to_judge_by_the_page_says_so(
    new: EmbeddingSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "FOLDER", tmp_path)
    assert "There is nothing to judge by" in press(administrator(), built(new), "compare")
    with pytest.raises(CommandError, match="There is nothing to judge by"):
        call_command("spaces", "compare", "new", stdout=StringIO(), stderr=StringIO())
    assert not Run.objects.filter(kind="comparison").exists()


def test_judged_sets_are_looked_at_by_curators_and_deleted_by_administrators(collection: Collection) -> None:
    judged = JudgedSet.objects.create(collection=collection, name="lamps", queries=[{"id": "1"}, {"id": "2"}])
    address = "/admin/search/judgedset/"
    looking, stranger = curator(), charlie()
    page = looking.get(address).content.decode()
    assert "lamps" in page and "field-count" in page and "manage.py evaluate DIR" in page
    assert "lamps" in looking.get(f"{address}{judged.pk}/change/").content.decode()
    for browser in (looking, stranger):
        assert browser.post(f"{address}{judged.pk}/delete/", {"post": "yes"}).status_code == 403
    assert stranger.get(address).status_code == 403
    administrator().post(f"{address}{judged.pk}/delete/", {"post": "yes"})
    assert not JudgedSet.objects.exists()
