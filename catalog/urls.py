"""The pages of the catalog itself: where one starts, and one item."""

from django.urls import path

from catalog.pages import views

app_name = "catalog"

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("", views.home, name="home"),
    path("c/<slug:slug>/items/<path:external_id>", views.item_page, name="item"),
]
