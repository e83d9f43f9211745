"""What says which part or edition of a work an item is: volume 2, disc 1, season 3, version 4, live, "best of"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise

from search.duplicates.reading.variants import ROMAN

# what is numbered: the words for it
_COUNTED = {
    "part": "part pt parte teil partie deel del часть episode ep folge episodio",
    "volume": "volume vol band bd tome tomo vol. том выпуск number nr no issue nummer",
    "disc": "disc disk cd dvd disque lp диск",
    "chapter": "chapter ch chap kapitel chapitre capitulo глава",
    "season": "season saison staffel temporada series сезон",
    "edition": "edition ed ausgabe auflage edicion издание",
    "version": "version ver v release versión версия",
    "book": "book buch livre libro книга",
}
_NAMED = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8",
    "nine": "9", "ten": "10", "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5",
    "eins": "1", "zwei": "2", "drei": "3", "vier": "4", "a": "1", "b": "2",
}  # fmt: skip
_EDITIONS = {
    "live": "live unplugged concert",
    "remix": "remix remixed rmx mix mixes dub megamix",
    "acoustic": "acoustic akustik",
    "instrumental": "instrumental karaoke backing",
    "demo": "demo demos outtakes bootleg",
    "edit": "radio edit extended",
    "cover": "tribute cover covers",
    "best": "best greatest hits anthology compilation",
    "remaster": "remaster remastered",
    "deluxe": "deluxe expanded anniversary collector bonus",
    "single": "ep maxi",
    "soundtrack": "soundtrack ost",
    "box": "boxset",
    "clean": "clean edited",
    "explicit": "explicit",
    "upgrade": "upgrade update upg upgd",
    "academic": "academic student education edu",
    "trial": "trial oem",
    "professional": "pro professional premium enterprise",
    "standard": "standard basic lite",
    "platform": "mac macintosh osx",
    "windows": "win windows",
}
_KIND_OF = {word: kind for kind, words in _COUNTED.items() for word in words.split()}
_EDITION_OF = {word: edition for edition, words in _EDITIONS.items() for word in words.split()}
_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:\.\d+)*")
_CODE = re.compile(r"\S*(?:[^\W\d_][-/]?\d{3}|\d{3}[-/]?[^\W\d_])\S*")  # model numbers count nothing
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|e|er|\.) *(?=([^\W\d_]+))")
_COUNTED_EAST = re.compile(r"第? *(\d+|[一二三四五六七八九十]+|[上中下]) *(巻|卷|集|部|章|季|版|話|话|回|册|冊)")
_EAST = {sign: str(at) for at, sign in enumerate("一二三四五六七八九十", 1)} | {"上": "1", "中": "2", "下": "3"}

NUMBERS = ""  # the kind under which all numbers are, counted or not
Parts = Mapping[str, frozenset[str]]


def parts_of(text: str) -> Parts:
    """What folded `text` counts, and the numbers it gives: {"volume": {"2"}}."""
    found: dict[str, set[str]] = {}
    tokens = _TOKEN.findall(_CODE.sub(" ", text))
    for word, following in pairwise([*tokens, ""]):
        kind = _KIND_OF.get(word)
        if kind is not None and (value := _number(following)):
            found.setdefault(kind, set()).add(value)
    for number, word in _ORDINAL.findall(text):
        if word in _KIND_OF:
            found.setdefault(_KIND_OF[word], set()).add(number)
    for number, word in _COUNTED_EAST.findall(text):
        found.setdefault(word, set()).add(number if number.isdigit() else "".join(_EAST[sign] for sign in number))
    if numbers := {value for word in tokens if word[:1].isdigit() and (value := _number(word))}:
        found[NUMBERS] = numbers
    return {kind: frozenset(values) for kind, values in found.items()}


def _number(word: str) -> str | None:
    if word[:1].isdigit():
        head, _, tail = word.partition(".")
        return (head.lstrip("0") or "0") + (f".{tail}" if tail.strip("0") else "")
    return ROMAN.get(word) or _NAMED.get(word)


def editions_of(text: str) -> frozenset[str]:
    """The editions that words of folded `text` name."""
    return frozenset(_EDITION_OF[word] for word in _TOKEN.findall(text) if word in _EDITION_OF)
