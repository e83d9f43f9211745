"""Catalogs of kinds that no judged set here has, made up by rules: discs, songs, restaurants, two shops, other scripts.

Names come from made-up words, common ones more often, so that nothing in them was ever seen by anybody.
"""

from __future__ import annotations

import random

from tests.search.duplicates.made_up import Made, Words

GENRES = ("Rock", "Pop", "Folk", "Jazz", "Classical", "Blues", "Soundtrack")


def discs(seed: int = 1, size: int = 900) -> Made:
    """Discs with track lists: best-ofs, sets of two, audio books, samplers, and encodings that went wrong."""
    made, words, chance = Made(), Words(seed), random.Random(seed)
    for _ in range(size // 6):
        artist, genre = words.name(), chance.choice(GENRES)
        albums = [[words.phrase(1, 4) for _ in range(chance.randint(8, 14))] for _ in range(chance.choice((1, 2, 3)))]
        for tracks in albums:
            year = str(chance.randint(1965, 2008))
            title = artist if chance.random() < 0.1 else words.phrase(1, 4)
            first = made.add(title, " / ".join(tracks), artist=artist, genre=genre, year=year)
            if chance.random() < 0.12:
                again = [words.misspelt(track, 0.03) if chance.random() < 0.4 else track for track in tracks]
                other = made.add(
                    words.misspelt(title, 0.03),
                    " / ".join(again),
                    artist=artist.upper() if chance.random() < 0.3 else artist,
                    genre=genre if chance.random() < 0.5 else chance.choice(GENRES),
                    year=year if chance.random() < 0.6 else "",
                )
                made.same(first, other)
        if len(albums) > 1:
            best = [track for tracks in albums for track in chance.sample(tracks, 5)]
            made.add(
                chance.choice(("The Best Of", "Greatest Hits", "Collection")),
                " / ".join(best),
                artist=artist,
                genre=genre,
            )
        if chance.random() < 0.15:
            title = words.phrase(2, 4)
            for disc in (1, 2):
                tracks = [words.phrase(1, 4) for _ in range(10)]
                made.add(f"{title} (Disc {disc})", " / ".join(tracks), artist=artist, genre=genre, year="1999")
    _add_books_and_samplers(made, words, chance, size)
    return made


def _add_books_and_samplers(made: Made, words: Words, chance: random.Random, size: int) -> None:
    for _ in range(size // 60):
        book, author = words.phrase(2, 5), words.name()
        for disc in range(1, 5):
            chapters = [f"Kapitel {n}" for n in range(disc * 12 - 11, disc * 12 + 1)]
            made.add(f"{book} CD {disc}", " / ".join(chapters), artist=author, genre="Hörbuch")
    for _ in range(size // 12):
        made.add(
            words.phrase(1, 3),
            " / ".join(words.phrase(1, 4) for _ in range(14)),
            artist="Various",
            genre=chance.choice(GENRES),
        )
    for _ in range(size // 20):
        made.add(
            broken(chance),
            " / ".join(broken(chance) for _ in range(10)),
            artist=broken(chance),
            genre=chance.choice(GENRES),
        )


def broken(chance: random.Random) -> str:
    """A title of some other script in an encoding that was not the one it was read in."""
    low, high = chance.choice(((0x4E00, 0x7A00), (0x3042, 0x3093), (0xAC00, 0xB400), (0x430, 0x44F)))
    text = " ".join("".join(chr(chance.randint(low, high)) for _ in range(chance.randint(2, 5))) for _ in range(2))
    written = chance.choice(("gbk", "euc-kr", "shift-jis", "cp1251", "ascii"))
    return text.encode(written, "replace").decode("latin-1" if written != "ascii" else "ascii", "replace")


def songs(seed: int = 2, size: int = 700) -> Made:
    """Songs of two shops: remixes, live takes, guests, albums of several editions."""
    made, words, chance = Made(across="source"), Words(seed), random.Random(seed)
    for _ in range(size // 4):
        artist, album, year = words.name(), words.phrase(1, 3), chance.randint(1990, 2015)
        for _ in range(chance.randint(2, 5)):
            song, seconds = words.phrase(1, 4), chance.randint(120, 360)
            takes = [
                "",
                *chance.sample((" (Live)", f" ({words.name()} Remix)", " (Acoustic)", f" (feat. {words.name()})"), k=1),
            ]
            for take in takes if chance.random() < 0.4 else takes[:1]:
                minutes = f"{seconds // 60}:{seconds % 60:02}"
                ours = made.add(
                    song + take, "", source="a", artist=artist, album=album, genre="Pop", price="0.99", time=minutes
                )
                if chance.random() < 0.5:
                    named = take.replace("(", "[").replace(")", "]") if chance.random() < 0.5 else take
                    edition = chance.choice(("", "", " (Deluxe Version)", " [Explicit]"))
                    theirs = made.add(
                        words.misspelt(song, 0.01) + named,
                        "",
                        source="b",
                        artist=artist,
                        album=album + edition,
                        genre="Music",
                        price=chance.choice(("1.29", "0.99")),
                        time=minutes,
                        released=str(year),
                    )
                    made.same(ours, theirs)
                seconds += chance.randint(10, 60)
    return made


STREETS = (("St.", "Street"), ("Ave.", "Avenue"), ("Blvd.", "Boulevard"), ("Rd.", "Road"))
CITIES = ("New York", "Los Angeles", "Atlanta", "San Francisco", "Las Vegas")
KITCHENS = (("Italian", "Italian"), ("American", "American (new)"), ("French", "French bistro"), ("Asian", "Chinese"))


def restaurants(seed: int = 3, size: int = 700) -> Made:
    """Restaurants of two guides, with addresses and telephones; branches of chains are not the same."""
    made, words, chance = Made(across="source"), Words(seed), random.Random(seed)
    for _ in range(size // 2):
        name = words.phrase(1, 3).title() + chance.choice(("", "", "'s", " Cafe", " Grill", " Restaurant"))
        for _ in range(2 if chance.random() < 0.08 else 1):
            city, (short, long), (ours, theirs) = chance.choice(CITIES), chance.choice(STREETS), chance.choice(KITCHENS)
            house, street = chance.randint(1, 9_999), words.name().split()[0]
            phone = f"{chance.randint(201, 989)} {chance.randint(200, 999)} {chance.randint(1000, 9999)}"
            sources = chance.choice(("a", "b", "b", "ab"))
            ids = []
            if "a" in sources:
                ids.append(
                    made.add(
                        name,
                        "",
                        source="a",
                        address=f"{house} {street} {short}",
                        city=city,
                        phone=phone.replace(" ", "-"),
                        kitchen=ours,
                    )
                )
            if "b" in sources:
                again = (
                    name
                    if chance.random() < 0.7
                    else words.misspelt(name, 0.02).replace(" Cafe", "").replace(" Grill", " grill room")
                )
                ids.append(
                    made.add(
                        again,
                        "",
                        source="b",
                        address=f"{house} {street} {chance.choice((short, long))}",
                        city=city,
                        phone=phone.replace(" ", "/", 1),
                        kitchen=theirs,
                    )
                )
            if len(ids) == 2:
                made.same(*ids)
    return made


THINGS = (
    "laptop",
    "monitor",
    "printer",
    "camera",
    "cable",
    "headphones",
    "router",
    "keyboard",
    "case",
    "adapter",
    "toner",
)


def electronics(seed: int = 4, size: int = 900) -> Made:
    """Electronics of two shops: series of models, colours and capacities; many accessories for the same devices."""
    made, words, chance = Made(across="source"), Words(seed), random.Random(seed)
    brands = [words.name().split()[0] for _ in range(25)]
    for _ in range(size // 5):
        brand, thing, line = chance.choice(brands), chance.choice(THINGS), chance.choice(words.words)
        prefix, number = "".join(chance.choices("ABCDEFGHKLMPRSTX", k=2)), chance.randint(100, 9_000)
        features = [words.word() for _ in range(4)]
        for step in range(chance.randint(1, 4)):
            code, colour = f"{prefix}-{number + step * 10}", chance.choice(("Black", "White", "Silver", "Red"))
            size_in, price = chance.choice((8, 16, 32, 64)), chance.randint(10, 900)
            where = chance.choice(("a", "b", "b", "b", "ab"))
            ids = []
            if "a" in where:
                title = f"{brand} {line} {size_in}GB {thing}, {colour}"
                ids.append(
                    made.add(title, "", source="a", brand=brand, model=code, price=f"{price}.00", category=thing)
                )
            if "b" in where:
                model = code.replace("-", "") if chance.random() < 0.5 else code
                shown = f"{model} " if chance.random() < 0.6 else ""
                named = f"{shown}{' '.join(chance.sample(features, 2))}"
                title = f"{brand} {line.capitalize()} {named} {size_in} GB {thing} ({colour})"
                ids.append(
                    made.add(
                        title,
                        "",
                        source="b",
                        brand=brand if chance.random() < 0.8 else "",
                        model=model if chance.random() < 0.6 else "",
                        price=f"{price * chance.uniform(0.8, 1.2):.2f}",
                        category="electronics",
                    )
                )
            if len(ids) == 2:
                made.same(*ids)
    return made


SCRIPTS = {
    "chinese": (0x4E00, 0x5E00, "", ""), "japanese": (0x3042, 0x3093, "", ""), "arabic": (0x0628, 0x064A, " ", " "),
    "cyrillic": (0x0430, 0x044F, " ", " "), "korean": (0xAC00, 0xB400, " ", " "), "thai": (0x0E01, 0x0E2E, "", ""),
}  # fmt: skip


def scripts(seed: int = 5, size: int = 600) -> Made:
    """Books of six scripts in one catalog, some entered twice with a sign wrong, some in volumes."""
    made, chance = Made(), random.Random(seed)
    vocabulary = {}
    for script, (low, high, _, _) in SCRIPTS.items():
        long = script in ("arabic", "cyrillic")
        signs = [chr(sign) for sign in range(low, high) if chr(sign).isalpha() and sign != 0x0640]
        vocabulary[script] = ["".join(chance.choices(signs, k=chance.randint(4, 7) if long else 2)) for _ in range(400)]
    for _ in range(size // len(SCRIPTS)):
        for script, (_, _, gap, _) in SCRIPTS.items():
            title = gap.join(chance.choices(vocabulary[script], k=chance.randint(3, 6)))
            body = gap.join(chance.choices(vocabulary[script], k=25))
            first = made.add(title, body, publisher=chance.choice(vocabulary[script][:5]))
            if chance.random() < 0.15:
                signs = list(body)
                signs[chance.randrange(len(signs))] = chance.choice(vocabulary[script])[0]
                made.same(first, made.add(title, "".join(signs)))
    return made


KINDS = {"discs": discs, "songs": songs, "restaurants": restaurants, "electronics": electronics, "scripts": scripts}
