"""The pages of the catalog itself: where one starts, and one item."""

from django.urls import path

from catalog.pages import views
from catalog.pages.signing_in import SignIn, SignOut

app_name = "catalog"

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("", views.home, name="home"),
    path("sign-in", SignIn.as_view(), name="sign_in"),
    path("sign-out", SignOut.as_view(), name="sign_out"),
    path("c/<slug:slug>/items/<path:external_id>", views.item_page, name="item"),
]
