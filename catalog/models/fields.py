"""Column types of PostgreSQL that Django has no field for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    _TextField = models.Field[str, str]
    _SearchVectorField = SearchVectorField[Any, Any]
else:
    _TextField = models.Field
    _SearchVectorField = SearchVectorField


class RegconfigField(_TextField):
    """The name of a text search configuration, stored as PostgreSQL's `regconfig`.

    A generated column may read it, because reading a `regconfig` is immutable, which casting text to it is not.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "regconfig"

    def get_prep_value(self, value: Any) -> Any:
        return str(value) if value is not None else None


class WordsField(_SearchVectorField):
    """A tsvector that a trigger writes. Saving a row that was read leaves it to the trigger."""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return None if add else models.F(self.attname)
