"""Where a person acts in the admin: in the rows of his collections, by the rule that pages and API follow, too."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, cast

from django.contrib.admin import ModelAdmin, RelatedFieldListFilter
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from catalog.access import acts_everywhere, collections_of_user
from catalog.models import Collection

Row = TypeVar("Row", bound=Model)


def own_collections(request: HttpRequest) -> QuerySet[Collection]:
    """The collections in which the person's permissions hold."""
    return collections_of_user(request.user)


def own_rows(request: HttpRequest, rows: QuerySet[Row, Any], to_collection: str = "collection") -> QuerySet[Row, Any]:
    """Those of the rows that hang on the person's collections. What hangs on none is for those who act in all."""
    if acts_everywhere(request.user):
        return rows
    return rows.filter(**{f"{to_collection}__in": own_collections(request).order_by().values("pk")})


class OwnCollectionFilter(RelatedFieldListFilter):
    """Offers the person's collections only."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        own = {"pk__in": own_collections(request)}
        return cast("list[Any]", field.get_choices(include_blank=False, limit_choices_to=own))


class OfCollections:
    """A mixin for every admin whose rows hang on a collection: its rows, permissions, choices and filters.

    What reads `get_queryset` follows with it: pages of rows, actions, autocompletion, export. `to_collection` is the
    lookup from a row to its collection.
    """

    to_collection: ClassVar[str] = "collection"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return own_rows(request, cast("Any", super()).get_queryset(request), self.to_collection)

    def is_own(self, request: HttpRequest, row: Any) -> bool:
        """Whether the person acts where the row is; without a row, whether there may be any."""
        if row is None or acts_everywhere(request.user):
            return True
        rows = type(row)._base_manager.filter(pk=row.pk)  # noqa: SLF001 - Django's documented manager of all rows
        return own_rows(request, rows, self.to_collection).exists()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast("Any", super()).has_view_permission(request, obj) and self.is_own(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast("Any", super()).has_change_permission(request, obj) and self.is_own(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return cast("Any", super()).has_delete_permission(request, obj) and self.is_own(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return cast("Any", super()).formfield_for_foreignkey(db_field, request, **_choices(db_field, request), **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return cast("Any", super()).formfield_for_manytomany(db_field, request, **_choices(db_field, request), **kwargs)

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = cast("ModelAdmin[Any]", super()).get_list_filter(request)
        return [(name, OwnCollectionFilter) if name == "collection" else name for name in filters]


def _choices(db_field: Any, request: HttpRequest) -> dict[str, Any]:
    return {"queryset": own_collections(request)} if db_field.related_model is Collection else {}
