"""The content security policy of each part: strict for Akin's pages, with what the admin's widgets need for theirs."""

from __future__ import annotations

from typing import Final

from csp.constants import SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

# Unfold's widgets set style attributes. Their expressions are read by static/js/alpine-expressions.js, without eval.
WIDENED: Final = {
    "/admin/": {"script-src": [SELF], "style-src": [SELF, UNSAFE_INLINE]},
    "/api/docs": {"style-src": [SELF, UNSAFE_INLINE]},
}


class PolicyMiddleware(CSPMiddleware):
    """django-csp's middleware, with another policy for some paths."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        for prefix, directives in WIDENED.items():
            if request.path_info.startswith(prefix) and not report_only:
                parts.replace = {**directives, **(parts.replace or {})}
        return parts
