"""Words that tell the variants of one thing apart: colours, clothing sizes, sexes, roman numerals."""

from __future__ import annotations

# hue: the words for it and for its shades; German, French and Spanish beside English
_HUES = {
    "black": "black blk schwarz noir negro ebony jet onyx",
    "white": "white wht weiss blanc blanco snow chalk pearl",
    "grey": "gray grey gry grau gris charcoal anthracite anthrazit graphite slate smoke stone ash gunmetal "
    "titanium lead",
    "silver": "silver slv slvr silber argent plata plateado chrome steel nickel",
    "red": "red rot rouge rojo crimson scarlet ruby cherry maroon burgundy bordeaux brick wine rust",
    "orange": "orange orng naranja tangerine apricot coral corail terracotta clay copper peach",
    "yellow": "yellow ylw gelb jaune amarillo mustard ochre ocher lemon sun saffron",
    "gold": "gold golden dore oro brass",
    "green": "green grn grun vert verde olive khaki moss fern forest sage lime mint emerald pine bottle",
    "blue": "blue blu blau bleu azul navy marine ink indigo denim sky azure cobalt",
    "teal": "teal petrol turquoise turkis aqua cyan",
    "purple": "purple violet violett lila morado magenta plum aubergine lavender mauve",
    "pink": "pink rosa fuchsia blush salmon",
    "brown": "brown brn braun marron chocolate tan walnut oak mocha coffee chestnut cognac bronze",
    "beige": "beige cream creme ecru ivory sand oat natural champagne taupe",
    "clear": "clear transparent klar durchsichtig",
}
_KINDS = """
    small s:small medium m:medium large l:large xl xxl xs men:men mens:men man:men women:women womens:women
    woman:women kid:kid kids:kid children:kid junior:kid left right wide narrow long short mini compact double
    single king queen twin regular tall bare kit:kit
"""


def _table(listed: str) -> dict[str, str]:
    entries = (entry.partition(":") for entry in listed.split())
    return {word: meaning or word for word, _, meaning in entries}


_COLOUR_TABLE = {word: hue for hue, words in _HUES.items() for word in words.split()}
_BASIC = frozenset(_HUES) - {"clear"}
# Words for a colour that mean a thing as often.
_THINGS = """
    snow chalk pearl smoke stone ash lead chrome steel nickel brick wine rust cherry orange clay copper peach
    apricot sun lemon gold golden brass moss fern forest sage lime mint pine bottle marine ink denim sky
    violet plum aubergine lavender salmon walnut oak coffee chocolate chestnut bronze cream sand oat natural
    champagne olive rose aqua jet plata argent oro
"""
_COMPOUND = ("schwarz", "weiss", "grau", "silber", "rot", "gelb", "grun", "blau", "braun", "blue", "green", "grey")
_KIND_TABLE = _table(_KINDS)
_THING_TABLE = frozenset(_THINGS.split())
ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}


def colours_of(words: list[str]) -> frozenset[str]:
    """The hues named among folded `words`, also at the end of a compound such as moosgrun."""
    return frozenset(hue for word in words if (hue := _hue(word)))


def basic_colours_of(words: list[str]) -> frozenset[str]:
    """The hues said by words that mean nothing but a colour, for text that is about other things."""
    return frozenset(hue for word in words if word not in _THING_TABLE and (hue := _hue(word)) in _BASIC and hue)


def _hue(word: str) -> str | None:
    if word in _COLOUR_TABLE or len(word) < 6:
        return _COLOUR_TABLE.get(word)
    return next((_COLOUR_TABLE[end] for end in _COMPOUND if word.endswith(end)), None)


def kinds_of(words: list[str]) -> frozenset[str]:
    """The sizes, sexes and cuts named among folded `words`."""
    return frozenset(_KIND_TABLE[word] for word in words if word in _KIND_TABLE)


def generations_of(words: list[str]) -> frozenset[str]:
    """The generations or parts named by a roman numeral among folded `words`."""
    return frozenset(ROMAN[word] for word in words if word in ROMAN)
