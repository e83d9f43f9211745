"""Every address that Akin answers at."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.api import api, api_docs
from config.watching.health import healthz, readyz
from config.watching.metrics import metrics

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("api/docs", api_docs, name="api-docs"),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
    path("", include("catalog.urls")),
    path("", include("search.urls")),
]
