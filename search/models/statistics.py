"""Word statistics of a collection, which the lexical leg and duplicate evidence weigh words by."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value

from catalog.models import Collection
from search.models.change import change_triggers


class CollectionStatistic(models.Model):
    """Totals of a collection as of `refreshed_at`."""

    collection = models.OneToOneField(Collection, on_delete=models.CASCADE, primary_key=True, related_name="statistic")
    documents = models.PositiveIntegerField(default=0)
    average_length = models.FloatField(default=0, help_text="Words of an item, on average.")
    refreshed_at = models.DateTimeField(auto_now=True)
    null_space_id = models.BigIntegerField(null=True, help_text="Space of the similarities below.")
    null_similarities = ArrayField(
        models.FloatField(),
        db_default=Value("{}"),
        help_text="95 %, 99 % and 99.9 % quantile of the similarity of a query to an unrelated item.",
    )

    class Meta:
        triggers = change_triggers("statistic")

    def __str__(self) -> str:
        return f"{self.documents} items"


class WordStatistic(models.Model):
    """In how many items of a collection a word (lexeme) occurs."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    word = models.TextField()
    documents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # Reader: the statistics of a query's words.
            models.UniqueConstraint(name="word_statistic_unique", fields=["collection", "word"])
        ]

    def __str__(self) -> str:
        return self.word


class VocabularyWord(models.Model):
    """A word as it is written, in lower case, and in how many items of a collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    word = models.TextField()
    documents = models.PositiveIntegerField()

    class Meta:
        constraints = [
            # Reader: the vocabulary that unknown words of a query are compared with.
            models.UniqueConstraint(name="vocabulary_word_unique", fields=["collection", "word"])
        ]

    def __str__(self) -> str:
        return self.word
