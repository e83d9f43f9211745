"""The pages of search, and the fragments that the catalog's pages ask for."""

from django.urls import path

from search.duplicates import views as duplicates
from search.embedding import views as embedding
from search.insight.page import interest_views as interest
from search.insight.page import map_views as map_pages
from search.insight.page import views as insight
from search.related import likes
from search.related import views as related
from search.retrieval.page import views as retrieval
from search.retrieval.page.ask import ask

app_name = "search"

urlpatterns = [
    path("c/<slug:slug>/", retrieval.page, name="page"),
    path("c/<slug:slug>/suggestions", retrieval.suggestions, name="suggestions"),
    path("c/<slug:slug>/ask", ask, name="ask"),
    path("c/<slug:slug>/add", duplicates.add, name="add"),
    path("c/<slug:slug>/add/check", duplicates.check, name="check"),
    path("c/<slug:slug>/add/undo", duplicates.undo, name="undo"),
    path("c/<slug:slug>/insight", insight.insight, name="insight"),
    path("c/<slug:slug>/insight/compute", insight.recompute, name="recompute"),
    path("c/<slug:slug>/insight/added/<int:year>-<int:month>-<int:day>", insight.added, name="added"),
    path("c/<slug:slug>/insight/searched", insight.searched, name="searched"),
    path("c/<slug:slug>/insight/map", map_pages.page, name="map"),
    path("c/<slug:slug>/insight/map/points", map_pages.points, name="map_points"),
    path("c/<slug:slug>/insight/map/hits", map_pages.hits, name="map_hits"),
    path("c/<slug:slug>/insight/map/chosen", map_pages.chosen, name="map_chosen"),
    path("c/<slug:slug>/insight/map/items/<int:item_id>", map_pages.item, name="map_item"),
    path("c/<slug:slug>/topics/<int:topic_id>", insight.topic, name="topic"),
    path("c/<slug:slug>/for-you", interest.page, name="for_you"),
    path("c/<slug:slug>/for-you/row", interest.row, name="for_you_row"),
    path("c/<slug:slug>/for-you/events", interest.record, name="event"),
    path("c/<slug:slug>/for-you/export", interest.export, name="export_interest"),
    path("c/<slug:slug>/for-you/erase", interest.erase, name="erase_interest"),
    path("c/<slug:slug>/indexing/<path:external_id>", embedding.indexing, name="indexing"),
    path("c/<slug:slug>/like", likes.like, name="like"),
    path("c/<slug:slug>/related/<path:external_id>", related.related, name="related"),
]
