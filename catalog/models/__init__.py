"""The catalog's tables: collections, items, API keys and the runs that work on them."""

from catalog.models.api_key import ApiKey
from catalog.models.collection import Collection
from catalog.models.item import Item
from catalog.models.merge import MergeRecord
from catalog.models.run import Run

__all__ = ["ApiKey", "Collection", "Item", "MergeRecord", "Run"]
