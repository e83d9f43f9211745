"""Search's admin: embeddings, spaces, duplicate pairs, judged sets, evaluation runs, and the dashboard."""

from search.admin import collection, duplicate_pair, evaluation, item, item_embedding, judged_set, space

__all__ = ["collection", "duplicate_pair", "evaluation", "item", "item_embedding", "judged_set", "space"]
