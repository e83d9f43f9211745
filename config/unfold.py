"""How the admin looks and what its side bar leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy

PAIRS = "search.duplicatepair"


def _link(title: str, icon: str, model: str, page: str | None = None) -> dict[str, Any]:
    """A link of the side bar, to the model's list or another page, for those who may view the model."""
    app_label, model_name = model.split(".")

    def is_allowed(request: HttpRequest) -> bool:
        return bool(request.user.has_perm(f"{app_label}.view_{model_name}"))

    address = reverse_lazy(page or f"admin:{app_label}_{model_name}_changelist")
    link = {"title": title, "icon": icon, "link": address, "permission": is_allowed}
    return link if model != PAIRS else {**link, "active": _is_shown(groups=page is not None)}


def _is_shown(*, groups: bool) -> Callable[[HttpRequest], bool]:
    """The addresses of the groups begin like those of the pairs, and only one of the two links is the active one."""

    def is_active(request: HttpRequest) -> bool:
        if not request.path.startswith(reverse("admin:search_duplicatepair_changelist")):
            return False
        return request.path.startswith(reverse("admin:search_duplicate_groups")) == groups

    return is_active


def _style(request: HttpRequest) -> str:
    return static("css/admin.css")


def _icon(request: HttpRequest) -> str:
    return static("img/akin.svg")


def _expressions(request: HttpRequest) -> str:
    return static("js/alpine-expressions.js")


def _script(request: HttpRequest) -> str:
    return static("js/admin-review.js")


def _forms(request: HttpRequest) -> str:
    return static("js/admin-forms.js")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Akin",
    "SITE_HEADER": "Akin",
    "SITE_SUBHEADER": "Curation",
    "SITE_SYMBOL": "join_inner",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "search.admin.dashboard.dashboard",
    "STYLES": [_style],
    "SCRIPTS": [_expressions, _script, _forms],
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(60% .118 184.704)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(43.7% .078 188.216)",
            "800": "oklch(38.6% .063 188.416)",
            "900": "oklch(33% .053 190)",
            "950": "oklch(27.7% .046 192.524)",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "navigation": [
            {
                "title": "Catalog",
                "separator": False,
                "items": [
                    {"title": "Overview", "icon": "dashboard", "link": reverse_lazy("admin:index")},
                    _link("Collections", "folder_open", "catalog.collection"),
                    _link("Items", "inventory_2", "catalog.item"),
                    _link("Runs", "progress_activity", "catalog.run"),
                ],
            },
            {
                "title": "Search",
                "separator": True,
                "items": [
                    _link("Duplicates to review", "join_inner", PAIRS),
                    _link("Groups of duplicates", "workspaces", PAIRS, "admin:search_duplicate_groups"),
                    _link("Misfiled and missing", "rule_folder", "search.suggestion"),
                    _link("Topics", "category", "search.topic"),
                    _link("Embeddings", "scatter_plot", "search.itemembedding"),
                    _link("Spaces", "layers", "search.embeddingspace"),
                    _link("Evaluation", "monitoring", "search.evaluationrun"),
                    _link("Judged sets", "rule", "search.judgedset"),
                ],
            },
            {
                "title": "Access",
                "separator": True,
                "items": [
                    _link("API keys", "key", "catalog.apikey"),
                    _link("Users", "person", "auth.user"),
                    _link("Groups", "group", "auth.group"),
                ],
            },
        ],
    },
}
