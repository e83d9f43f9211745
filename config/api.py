"""The one JSON API: the rooms' routers, who asks, and one shape for every error."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja.openapi.docs import Swagger
from ninja.security import HttpBearer

from catalog.access import Actor
from catalog.api import router as catalog_router
from catalog.errors import Unauthenticated
from catalog.http import actor_of_request
from catalog.representation import use_embedding_lookup
from config.http.api_errors import add_error_handlers
from config.http.json_api import JsonAPI
from config.http.query_names import strict
from search.duplicates.api import router as duplicates_router
from search.embedding.api import router as embedding_router
from search.embedding.status import item_embeddings
from search.insight.api import router as insight_router
from search.insight.events_api import router as events_router
from search.related.api import router as related_router
from search.retrieval.api import router as retrieval_router
from search.retrieval.rate_limit import check_rate

DESCRIPTION = """\
Finds the items of a catalog by meaning, shows what is related, and tells which items are the same thing entered twice.

Public collections are read without a key. Everything else takes `Authorization: Bearer <key>`; a private collection
answers like a missing one to whoever may not know of it. Every error is `{"error": {"code", "message", "details"}}`.
Positions in texts count Unicode characters from 0, the end exclusive.
"""


TAGS = ("Collections", "Items", "Search", "Related", "Duplicates", "Insight", "Status")


class ApiKey(HttpBearer):
    """An API key, which reading public collections does not need."""

    def __call__(self, request: HttpRequest) -> Actor:
        """Every request of a stranger counts, one with a wrong key, too."""
        try:
            actor = actor_of_request(request)
        except Unauthenticated:
            check_rate(request)
            raise
        if actor.rank == 0:
            check_rate(request)
        return actor

    def authenticate(self, request: HttpRequest, token: str) -> Actor:
        return actor_of_request(request)


api = JsonAPI(
    title="Akin",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    auth=ApiKey(),
    docs=Swagger({"validatorUrl": None, "persistAuthorization": False}),
    docs_url=None,
    openapi_extra={"tags": [{"name": name} for name in TAGS]},
)
add_error_handlers(api)
api.add_decorator(strict, mode="view")
use_embedding_lookup(item_embeddings)

# The catalog comes last: its item paths take any external id, also one with slashes.
for _router in (
    retrieval_router,
    related_router,
    duplicates_router,
    insight_router,
    events_router,
    embedding_router,
    catalog_router,
):
    api.add_router("/collections", _router)


def api_docs(request: HttpRequest) -> HttpResponse:
    """The API's description to read and try in a browser, from files of this server alone."""
    return api.docs.render_page(request, api)
