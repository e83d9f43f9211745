"""Search's admin: embeddings, spaces, duplicate pairs, evaluation runs, and the dashboard."""

from search.admin import collection, duplicate_pair, evaluation, item, item_embedding, space

__all__ = ["collection", "duplicate_pair", "evaluation", "item", "item_embedding", "space"]
