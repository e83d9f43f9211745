"""Column types of PostgreSQL that Django has no field for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _TextField = models.Field[str, str]
else:
    _TextField = models.Field


class RegconfigField(_TextField):
    """The name of a text search configuration, stored as PostgreSQL's `regconfig`.

    A generated column may read it, because reading a `regconfig` is immutable, which casting text to it is not.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "regconfig"

    def get_prep_value(self, value: Any) -> Any:
        return str(value) if value is not None else None
