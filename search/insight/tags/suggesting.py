"""Values for a text that is being written: the learnt posterior, and the values of the nearest items at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from catalog.models import Collection, Item
from search.embedding.encoders.registry import encoder_of
from search.embedding.spaces.lifecycle import active_space
from search.embedding.text import embedded_text
from search.insight.reading.vectors import terms_of, unit
from search.insight.review.thresholds import threshold_of
from search.insight.tags.learning import LEAST_PROBABILITY, TAG_NEIGHBOURS, attributes_of, posterior_of
from search.insight.tags.posterior import Matrix
from search.models import ValueModel
from search.models.insight import SuggestionKind
from search.related.neighbours import nearest_items

MOST_VOTES = 0.5  # of the answer, where all the neighbours have a value
TEXT_LENGTH = 2_000  # characters that are read
MOST_VALUES = 3  # values of one attribute


@dataclass(frozen=True, slots=True)
class SuggestedValue:
    """`is_sure` where it is worth proposing by itself."""

    attribute: str
    value: str
    probability: float
    is_sure: bool


def suggest(collection: Collection, *, title: str, body: str) -> list[SuggestedValue]:
    """For each facet attribute its likeliest values, likeliest first. Raises EncoderUnavailable.

    encode -> nearest items -> smooth by them -> posterior -> blend in the neighbours' own values, which count at once
    """
    space = active_space()
    models = ValueModel.objects.filter(collection=collection, space=space, attribute__in=attributes_of(collection))
    known = list(models.order_by("attribute"))
    text = embedded_text(title, body)[:TEXT_LENGTH]
    if not known or not text.strip():
        return []
    (vector,) = encoder_of(space).encode_documents([text])
    near = nearest_items(collection, space, vector, limit=TAG_NEIGHBOURS)
    smooth = unit(np.atleast_2d(vector + np.mean([own for _, _, own in near], axis=0) if near else vector))
    attributes = dict(Item.objects.filter(pk__in=[pk for pk, _, _ in near]).values_list("pk", "attributes"))
    found: list[SuggestedValue] = []
    for model in known:
        votes = [terms_of(own.get(model.attribute)) for own in attributes.values()]
        shares = _blend(posterior_of(model).probabilities(smooth)[0], votes, model.values)
        least = threshold_of(collection, SuggestionKind.TAG, model.attribute, LEAST_PROBABILITY)
        found += [
            SuggestedValue(model.attribute, model.values[n], float(shares[n]), bool(shares[n] >= least))
            for n in np.argsort(-shares, kind="stable")[:MOST_VALUES].tolist()
        ]
    return found


def _blend(probabilities: Matrix, votes: Sequence[tuple[str, ...]], values: Sequence[str]) -> Matrix:
    columns = {value: n for n, value in enumerate(values)}
    counted = np.zeros_like(probabilities)
    for own in votes:
        known = [columns[value] for value in own if value in columns]
        counted[known] += 1 / len(known) if known else 0
    weight = MOST_VOTES * float(counted.sum()) / max(len(votes), 1)
    blended: Matrix = (1 - weight) * probabilities + weight * counted / max(float(counted.sum()), 1e-9)
    return blended
