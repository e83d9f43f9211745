"""The tables that search derives from the catalog, and the decisions people make about them."""

from search.models.change import CollectionChange
from search.models.duplicate import (
    ComparedItem,
    DuplicateCalibration,
    DuplicateDecision,
    DuplicatePair,
    DuplicateStatistic,
)
from search.models.embedding import EmbeddingSpace, ItemEmbedding, Passage
from search.models.evaluation import EvaluationRun, JudgedSet
from search.models.insight import ItemPlace, ItemTopic, Suggestion, SurveyedItem, Topic, ValueModel
from search.models.interest import Event, ItemAudience
from search.models.scan import ComparedPart
from search.models.searches import SearchCount
from search.models.statistics import CollectionStatistic, VocabularyWord, WordStatistic
from search.models.trigger import EmbeddedItem

__all__ = [
    "CollectionChange",
    "CollectionStatistic",
    "ComparedItem",
    "ComparedPart",
    "DuplicateCalibration",
    "DuplicateDecision",
    "DuplicatePair",
    "DuplicateStatistic",
    "EmbeddedItem",
    "EmbeddingSpace",
    "EvaluationRun",
    "Event",
    "ItemAudience",
    "ItemEmbedding",
    "ItemPlace",
    "ItemTopic",
    "JudgedSet",
    "Passage",
    "SearchCount",
    "Suggestion",
    "SurveyedItem",
    "Topic",
    "ValueModel",
    "VocabularyWord",
    "WordStatistic",
]
