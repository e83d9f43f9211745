"""What can go wrong in search."""

from __future__ import annotations

from catalog.errors import CatalogError


class SearchError(CatalogError):
    """The root of search's errors; handled like the catalog's."""


class EncoderUnavailable(SearchError):
    """The encoder cannot answer now; trying again later may help."""

    code = "encoder_unavailable"
    status = 503


class EncoderRefused(SearchError):
    """The encoder cannot encode this text, and trying again does not help."""

    code = "encoder_refused"


class QueryTooLong(SearchError):
    code = "query_too_long"
    status = 413


class SpaceConflict(SearchError):
    """An embedding space is not in the state that this needs; nothing was changed."""

    code = "space_conflict"
    status = 409


class EvaluationError(SearchError):
    """Two evaluations that cannot be compared."""

    code = "evaluation_error"
