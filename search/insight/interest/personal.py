"""What suits one person: near to an interest, taken to by people alike, else popular or new; each with why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from django.db import connection
from django.utils import timezone

from catalog.models import Collection, Item
from catalog.models.run import RunKind
from search.embedding.spaces.lifecycle import active_space
from search.insight.interest.folding import Interests, Vectors, fold
from search.insight.interest.learning import WEIGHTS
from search.insight.interest.mixing import Blend, Mix, read_blend
from search.insight.runs import last_run
from search.models import EmbeddingSpace, ItemAudience
from search.models.interest import EventKind
from search.related.neighbours import item_vectors, nearest_items
from search.related.related import RelatedItem, load_items

READ = 200  # events of the person, the latest ones
NEAR = 40  # items near to each interest
POPULAR = 60
RECENT = 30
MOST_NAMED = 3  # of the person's own items in one reason
SAME_THING = 0.97  # cosine of two items that are not shown beside each other
TURN = 0.9  # what an interest's next item is worth after one of it, if it were the only one
DAY = 86_400.0

HISTORY = f"""
    SELECT coalesce(o.merged_into_id, o.id), e.kind, extract(epoch FROM e.at) FROM search_event e
    JOIN catalog_item o ON o.id = e.item_id
    WHERE e.collection_id = %s AND e.subject = %s ORDER BY e.at DESC, e.id DESC LIMIT {READ}
"""


class ReasonKind(StrEnum):
    INTEREST = "interest"  # near in meaning to items that the person took to
    PEOPLE = "people"  # people who took to those took to this
    POPULAR = "popular"
    RECENT = "recent"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item is there, and the items of the person's own that led to it."""

    kind: ReasonKind
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Suited:
    item: Item
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class ForYou:
    """`events` are the different items that the person took to; without any, what is popular and new is shown."""

    items: tuple[Suited, ...]
    events: int
    interests: int


@dataclass(slots=True)
class History:
    """What one person did: weights by item, decayed, the oldest first; what is hidden or was seen is not shown."""

    weights: dict[int, float] = field(default_factory=dict)
    hidden: list[int] = field(default_factory=list)


def for_you(collection: Collection, subject: str | None, *, limit: int = 10) -> ForYou:
    """what the person did -> interests -> candidates of four kinds, visible -> scores -> one of each, with why"""
    run = last_run(RunKind.INTEREST, collection)
    blend = read_blend(run.detail.get("blend") if run else None)
    history = _history(collection, subject, blend)
    space, mix = active_space(), blend.of(len(history.weights))
    own = item_vectors(space, list(history.weights))
    known = [pk for pk in history.weights if pk in own]
    interests = _interests(space, known, own, history, blend)
    parts = _Parts.gather(collection, space, interests, history)
    scores = parts.scores(mix, interests, known)
    chosen = _shared_out(scores, parts.vectors, interests, limit)
    shown = load_items([(pk, scores[pk]) for pk in chosen])
    items = tuple(_with_reasons(collection, shown, parts, own, blend.joins))
    return ForYou(items, len(history.weights), len(interests.vectors))


def _history(collection: Collection, subject: str | None, blend: Blend) -> History:
    found = History()
    if subject is None:
        return found
    with connection.cursor() as cursor:
        cursor.execute(HISTORY, [collection.pk, subject])
        rows = cursor.fetchall()
    now = timezone.now().timestamp()
    half_life = blend.of(len({row[0] for row in rows})).half_life
    for item_id, kind, at in reversed(rows):
        if kind == EventKind.HIDE:
            found.hidden.append(item_id)
            continue
        decay = 1.0 if half_life is None else 0.5 ** (max(now - float(at), 0) / DAY / half_life)
        found.weights[item_id] = found.weights.get(item_id, 0) + WEIGHTS[EventKind(kind)] * decay
    for item_id in found.hidden:
        found.weights.pop(item_id, None)
    return found


def _interests(
    space: EmbeddingSpace, known: Sequence[int], own: dict[int, Vectors], history: History, blend: Blend
) -> Interests:
    if not known:
        return fold(np.zeros((0, space.dimensions), dtype=np.float32), np.zeros(0, dtype=np.float32))
    weights = np.array([history.weights[pk] for pk in known], dtype=np.float32)
    return fold(np.stack([own[pk] for pk in known]), weights, joins=blend.joins)


@dataclass(slots=True)
class _Parts:
    """The candidates that may be shown, and what speaks for each."""

    crowd: dict[int, float]
    led_by: dict[int, list[int]]  # the person's own items by whose fellows a candidate came
    popular: dict[int, float]
    recent: list[int]
    vectors: dict[int, Vectors]
    visible: set[int]

    @staticmethod
    def gather(collection: Collection, space: EmbeddingSpace, interests: Interests, history: History) -> _Parts:
        near = [
            pk
            for vector in interests.vectors
            for pk, _, _ in nearest_items(collection, space, vector, limit=NEAR + len(history.hidden))
        ]
        crowd, led_by = _crowd(collection, history)
        audience = ItemAudience.objects.filter(collection=collection, popularity__gt=0).order_by("-popularity")
        popular = dict(audience.values_list("item_id", "popularity")[:POPULAR])
        newest = Item.objects.visible().filter(collection=collection).order_by("-created_at", "-id")
        recent = list(newest.values_list("pk", flat=True)[:RECENT])
        away = {*history.weights, *history.hidden}
        ids = {*near, *crowd, *popular, *recent} - away
        visible = Item.objects.visible().filter(collection=collection, pk__in=ids)
        shown = set(visible.values_list("pk", flat=True))
        vectors = item_vectors(space, list(shown))
        return _Parts(crowd, led_by, popular, [pk for pk in recent if pk in shown], vectors, shown)

    def scores(self, mix: Mix, interests: Interests, known: Sequence[int]) -> dict[int, float]:
        """By item. What is popular and new counts most where nothing of the person is known."""
        content = self.content(interests)
        crowd, popular = _to_one(self.crowd), _to_one({pk: float(np.log1p(n)) for pk, n in self.popular.items()})
        fresh = {pk: 1 - n / RECENT for n, pk in enumerate(self.recent)}
        weight = mix.popular if known else 1.0
        return {
            pk: mix.crowd * crowd.get(pk, 0)
            + mix.content * content.get(pk, 0)
            + weight * (popular.get(pk, 0) + 0.3 * fresh.get(pk, 0))
            for pk in self.visible
        }

    def content(self, interests: Interests) -> dict[int, float]:
        ids = [pk for pk in self.visible if pk in self.vectors]
        if not ids or not len(interests.vectors):
            return {}
        found = interests.scores(np.stack([self.vectors[pk] for pk in ids]))
        return {pk: value**2 for pk, value in _to_one(dict(zip(ids, found.tolist(), strict=True))).items()}


def _crowd(collection: Collection, history: History) -> tuple[dict[int, float], dict[int, list[int]]]:
    scores: dict[int, float] = {}
    led_by: dict[int, list[int]] = {}
    rows = ItemAudience.objects.filter(collection=collection, item__in=list(history.weights))
    for own, fellows, weights in rows.values_list("item_id", "fellows", "weights"):
        for pk, weight in zip(fellows, weights, strict=True):
            scores[pk] = scores.get(pk, 0) + weight * history.weights[own]
            led_by.setdefault(pk, []).append(own)
    return scores, led_by


def _to_one(scores: dict[int, float]) -> dict[int, float]:
    highest = max(scores.values(), default=0)
    return {pk: score / highest for pk, score in scores.items()} if highest > 0 else {}


def _shared_out(scores: dict[int, float], vectors: dict[int, Vectors], interests: Interests, limit: int) -> list[int]:
    """The best, without what is nearly the same as a better one; interests take turns by their strength."""
    served = interests.serving(vectors)
    shares = interests.strengths / max(float(interests.strengths.sum()), 1e-9)
    left, chosen, shown = dict(scores), list[int](), dict[int, int]()
    while left and len(chosen) < limit:
        value = {
            pk: score * TURN ** (shown.get(served[pk], 0) / shares[served[pk]]) if pk in served else score
            for pk, score in left.items()
        }
        best = min(left, key=lambda pk: (-value[pk], pk))
        del left[best]
        others = [vectors[other] for other in chosen if other in vectors]
        if best in vectors and others and float((np.stack(others) @ vectors[best]).max()) >= SAME_THING:
            continue
        chosen.append(best)
        if best in served:
            shown[served[best]] = shown.get(served[best], 0) + 1
    return chosen


def _with_reasons(
    collection: Collection, shown: Sequence[RelatedItem], parts: _Parts, own: dict[int, Vectors], joins: float
) -> Iterable[Suited]:
    """The person's own items are named only while they may be seen."""
    leading = {one.item.pk: _nearest_own(parts.vectors.get(one.item.pk), own, joins) for one in shown}
    named = {pk for row in leading.values() for pk in row} | {pk for row in parts.led_by.values() for pk in row}
    rows = Item.objects.visible().light().filter(collection=collection, pk__in=list(named))
    items = {item.pk: item for item in rows}
    for one in shown:
        pk, reasons = one.item.pk, []
        one.item.collection = collection
        if led_by := _of(items, parts.led_by.get(pk, [])[-MOST_NAMED:]):
            reasons.append(Reason(ReasonKind.PEOPLE, led_by))
        if near := _of(items, leading[pk]):
            reasons.append(Reason(ReasonKind.INTEREST, near))
        if pk in parts.popular:
            reasons.append(Reason(ReasonKind.POPULAR))
        yield Suited(one.item, one.score, tuple(reasons) or (Reason(ReasonKind.RECENT),))


def _nearest_own(vector: Vectors | None, own: dict[int, Vectors], joins: float) -> list[int]:
    """The person's own item that is nearest in meaning, if it is near at all."""
    if vector is None or not own:
        return []
    ids = list(own)
    near = np.stack([own[pk] for pk in ids]) @ vector
    best = int(near.argmax())
    return [ids[best]] if float(near[best]) >= joins else []


def _of(items: dict[int, Item], ids: Sequence[int]) -> tuple[Item, ...]:
    return tuple(items[pk] for pk in ids if pk in items)
