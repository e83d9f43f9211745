"""How meaning, people alike and popularity make one order, weighed by what would have foreseen later events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.insight.interest.crowd import (
    LEAST_PEOPLE,
    Log,
    Sparse,
    decayed,
    farther,
    latest_of_each,
    matrix,
    popularity,
    similarities,
)
from search.insight.interest.folding import JOINS, Vectors, fold, joins_in

MANY = 5  # events, from which on a person is known
SHOWN = 10  # items that are looked at when an order is judged
LEAST_JUDGES = 20  # people, before what they did later teaches anything
MOST_JUDGES = 500
TESTED_SHARE = 0.2  # of the events, the latest
LIKELY_BETTER = 0.002  # of nDCG; what is not so much better than the prior leaves it

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mix:
    """Weights of three scores of at most 1 each, and what they are made with. Times are in days."""

    crowd: float = 1.0
    content: float = 1.0
    popular: float = 0.1
    half_life: float | None = 60.0
    popular_half_life: float | None = 30.0
    shrink: float = 2.0
    reach: float = 0.0


@dataclass(frozen=True, slots=True)
class Blend:
    """What holds for people with few events and for those with many."""

    few: Mix = Mix(crowd=0.5, content=1.0, popular=0.3, reach=0.5)
    many: Mix = Mix()
    joins: float = JOINS

    def of(self, events: int) -> Mix:
        return self.many if events >= MANY else self.few

    def stored(self) -> dict[str, Any]:
        return asdict(self)


def read_blend(stored: Any) -> Blend:
    """The blend that a run left; the prior where there is none that can be read."""
    try:
        return Blend(Mix(**stored["few"]), Mix(**stored["many"]), float(stored["joins"]))
    except (TypeError, KeyError, ValueError):
        return Blend()


@dataclass(frozen=True, slots=True)
class Past:
    """All events up to a day, with the items' vectors where they are known (rows of zeros where not)."""

    log: Log
    people: int
    items: int
    at: float
    vectors: Vectors | None
    joins: float = JOINS
    least_people: int = LEAST_PEOPLE


@dataclass(frozen=True, slots=True)
class Parts:
    """The three scores of some people for every item, each of at most 1, and which items they know already."""

    crowd: Vectors
    content: Vectors
    popular: Vectors
    seen: NDArray[np.bool_]

    def mixed(self, mix: Mix) -> Vectors:
        total = mix.crowd * self.crowd + mix.content * self.content + mix.popular * self.popular
        return np.where(self.seen, -np.inf, total)


def parts_of(past: Past, rows: NDArray[np.int64], mix: Mix, similar: Sparse) -> Parts:
    """Of those people. `similar` is that of the crowd, made with the mix's `shrink` and `reach`."""
    own = past.log.where(np.isin(past.log.people, rows))
    weights = decayed(own, at=past.at, half_life=mix.half_life)
    places = np.searchsorted(rows, own.people)
    local = Log(places, own.items, own.days, own.weights)
    history = matrix(local, weights, people=len(rows), items=past.items)
    crowd = _to_one(np.asarray((history @ similar).todense(), dtype=np.float32))
    liked = popularity(past.log, items=past.items, at=past.at, half_life=mix.popular_half_life)
    popular = np.log1p(liked).astype(np.float32)[None, :]
    seen = np.asarray(matrix(local, np.ones(len(own)), people=len(rows), items=past.items).todense()) > 0
    return Parts(crowd, _content(past, local, weights, len(rows)), _to_one(popular), seen)


def _content(past: Past, own: Log, weights: Numbers, people: int) -> Vectors:
    found = np.zeros((people, past.items), dtype=np.float32)
    if past.vectors is None:
        return found
    is_known = np.any(past.vectors != 0, axis=1)
    for person in range(people):
        mine = np.flatnonzero((own.people == person) & is_known[own.items])
        mine = mine[np.argsort(own.days[mine], kind="stable")]
        interests = fold(past.vectors[own.items[mine]], weights[mine].astype(np.float32), joins=past.joins)
        found[person] = interests.scores(past.vectors)
    return _to_one(found) ** 2


def _to_one(scores: Vectors) -> Vectors:
    highest = scores.max(axis=1, keepdims=True) if scores.size else np.ones((len(scores), 1), dtype=np.float32)
    return np.asarray(scores / np.where(highest > 0, highest, 1), dtype=np.float32)


def crowd_of(past: Past, shrink: float, reach: float) -> Sparse:
    single = latest_of_each(past.log)
    similar = similarities(single, people=past.people, items=past.items, least_people=past.least_people, shrink=shrink)
    return farther(similar, reach)


def gains(scores: Vectors, wanted: Sequence[NDArray[np.int64]]) -> Numbers:
    """nDCG of the first ten for each person, over all items; ties go to the item that comes first."""
    count = min(SHOWN, scores.shape[1])
    top = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    discounts = 1 / np.log2(np.arange(count) + 2)
    found = np.array([np.isin(row, own) @ discounts for row, own in zip(top, wanted, strict=True)])
    ideal = np.array([discounts[: min(len(own), count)].sum() for own in wanted])
    figures: Numbers = found / np.maximum(ideal, 1e-9)
    return figures


@dataclass(frozen=True, slots=True)
class Judges:
    """People of whom something is known before a day, and the new items that they took to after it."""

    rows: NDArray[np.int64]
    events: NDArray[np.int64]  # how many different items before it
    wanted: list[NDArray[np.int64]]

    def where(self, chosen: NDArray[np.bool_]) -> Judges:
        return Judges(
            self.rows[chosen],
            self.events[chosen],
            [own for own, is_in in zip(self.wanted, chosen, strict=True) if is_in],
        )


def split(log: Log) -> tuple[Log, Log, float]:
    """What was before a day and what came from then on, so that the latest fifth of the events is to be foreseen."""
    at = float(np.quantile(log.days, 1 - TESTED_SHARE)) if len(log) else 0.0
    is_past = log.days < at
    return log.where(is_past), log.where(~is_past), at


def judges_of(past: Log, later: Log) -> Judges:
    """Everybody with a new item later; also those of whom nothing is known."""
    pairs = np.unique(np.stack([later.people, later.items], axis=1), axis=0)
    known = set(zip(past.people.tolist(), past.items.tolist(), strict=True))
    new = [(person, item) for person, item in pairs.tolist() if (person, item) not in known]
    wanted: dict[int, list[int]] = {}
    for person, item in new:
        wanted.setdefault(person, []).append(item)
    counts: dict[int, int] = {}
    for person, _ in known:
        counts[person] = counts.get(person, 0) + 1
    rows = np.array(sorted(wanted), dtype=np.int64)
    events = np.array([counts.get(person, 0) for person in rows.tolist()], dtype=np.int64)
    return Judges(rows, events, [np.array(wanted[person], dtype=np.int64) for person in rows.tolist()])


def learn_blend(log: Log, *, people: int, items: int, vectors: Vectors | None) -> Blend:
    """The mixes that would have foreseen best what people did in the latest part of the log.

    Where too few people can say so, the prior stays.
    """
    joins = JOINS if vectors is None else joins_in(vectors[np.any(vectors != 0, axis=1)])
    blend = Blend(joins=joins)
    before, later, at = split(log)
    if not len(before):
        return blend
    past = Past(before, people, items, at, vectors, joins)
    judges = judges_of(before, later)
    is_many = judges.events >= MANY
    few = _best(past, judges.where(~is_many & (judges.events > 0)), blend.few)
    return replace(blend, few=few, many=_best(past, judges.where(is_many), blend.many))


HALF_LIVES: Final = (None, 1 / 4, 1 / 16)  # of the time that the log spans
CROWDS: Final = ((0.0, 0.0), (2.0, 0.0), (0.0, 0.5), (2.0, 0.5))  # shrink and reach
CONTENTS: Final = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
POPULARS: Final = (0.01, 0.1, 0.3, 1.0)


def _best(past: Past, judges: Judges, prior: Mix) -> Mix:
    """One thing after the other: what the crowd and the past are made of, then the weights."""
    if len(judges.rows) < LEAST_JUDGES:
        return prior
    if len(judges.rows) > MOST_JUDGES:
        chosen = np.zeros(len(judges.rows), dtype=bool)
        chosen[np.random.default_rng(0).permutation(len(judges.rows))[:MOST_JUDGES]] = True
        judges = judges.where(chosen)
    best, most = prior, -1.0
    for start, crowd in product(_made(past, prior), CROWDS):
        made = replace(start, shrink=crowd[0], reach=crowd[1])
        parts = parts_of(past, judges.rows, made, crowd_of(past, *crowd))
        for mix in _weighed(made, has_content=past.vectors is not None):
            figure = float(gains(parts.mixed(mix), judges.wanted).mean())
            if figure > most + (LIKELY_BETTER if most >= 0 else 0):
                best, most = mix, figure
    return best


def _made(past: Past, prior: Mix) -> Iterator[Mix]:
    span = max(float(past.log.days.max() - past.log.days.min()), 1e-6)
    for share in HALF_LIVES:
        half_life = None if share is None else span * share
        yield replace(prior, half_life=half_life, popular_half_life=half_life)


def _weighed(made: Mix, *, has_content: bool) -> Iterator[Mix]:
    yield made if has_content else replace(made, content=0.0)
    for content, popular in product(CONTENTS if has_content else (0.0,), POPULARS):
        yield replace(made, crowd=1.0, content=content, popular=popular)
    if has_content:
        for popular in POPULARS:
            yield replace(made, crowd=0.0, content=1.0, popular=popular)
