"""The catalog's admin: collections, items, API keys and runs."""

from catalog.admin import api_key, collection, item, people, run

__all__ = ["api_key", "collection", "item", "people", "run"]
