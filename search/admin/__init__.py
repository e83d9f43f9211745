"""Search's admin: embeddings, spaces, duplicate pairs, judged sets, evaluation runs, and the dashboard."""

from search.admin.collections import collection
from search.admin.evaluation import evaluation_run, judged_set
from search.admin.insight import suggestion, topic
from search.admin.items import item, item_embedding
from search.admin.pairs import duplicate_pair
from search.admin.spaces import space

__all__ = [
    "collection",
    "duplicate_pair",
    "evaluation_run",
    "item",
    "item_embedding",
    "judged_set",
    "space",
    "suggestion",
    "topic",
]
