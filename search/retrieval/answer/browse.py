"""What a search shows that asks for nothing, or only for what not to show: the newest items within the filters."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection

from search.retrieval.answer.facets import count_facets
from search.retrieval.answer.hits import load_rows
from search.retrieval.answer.snippets import body_snippet
from search.retrieval.query.parsing import parse_query
from search.retrieval.query.query_words import NO_WORDS, query_words
from search.retrieval.ranking import legs
from search.retrieval.ranking.filters import conditions_of
from search.retrieval.ranking.order import order_sql
from search.retrieval.types import FacetValue, Hit, SearchRequest, SearchResult
from search.timing import stage

MAX_BROWSED = 2_000  # items that are counted and paged through without a query

NEWEST = f"""
    SELECT i.id FROM catalog_item i WHERE i.collection_id = %(collection)s AND {{visible}}
    ORDER BY {{order}} LIMIT {MAX_BROWSED}
"""


@stage("search.browse")
def browse(request: SearchRequest) -> SearchResult:
    """The newest items first. Total and facets count the newest two thousand and say so when there are more."""
    ids = _newest(request)
    page = ids[request.offset : request.offset + request.limit]
    rows = load_rows(page)
    end = request.offset + len(page)
    language = request.collection.language
    hits = tuple(
        Hit(
            item_id=row.item_id,
            external_id=row.external_id,
            title=row.title,
            url=row.url,
            image=row.image,
            score=0.0,
            band="possible",
            snippet=body_snippet(row.body, {}, language),
            attributes=row.attributes,
        )
        for row in (rows[one] for one in page if one in rows)
    )
    return SearchResult(
        hits=hits,
        total=len(ids),
        is_capped=len(ids) >= MAX_BROWSED,
        facets=_facets(request, ids),
        next_offset=end if page and end < len(ids) else None,
        mode=request.mode,
        is_degraded=False,
        took_ms=0,
    )


def _newest(request: SearchRequest) -> list[int]:
    conditions = conditions_of(request.filters, request.where)
    parsed = parse_query(request.query_text)
    words = query_words(request.collection, parsed) if parsed.excluded else NO_WORDS
    order, more = order_sql(request.sort)
    parameters = {
        **conditions.parameters,
        **legs.condition_parameters(words),
        **more,
        "collection": request.collection.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(NEWEST.format(visible=legs.visible_sql(words, conditions), order=order), parameters)
        return [row[0] for row in cursor.fetchall()]


def _facets(request: SearchRequest, ids: list[int]) -> dict[str, tuple[FacetValue, ...]]:
    facets: dict[str, tuple[FacetValue, ...]] = {}
    for name in request.facets:
        others = tuple(one for one in request.filters if one.attribute != name)
        counted = ids if len(others) == len(request.filters) else _newest(replace(request, filters=others))
        facets |= count_facets({one: one for one in counted}, [name], request.filters)
    return facets
