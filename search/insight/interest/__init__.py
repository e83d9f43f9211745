"""In come events of people with items, out come items that suit one person, each with its reason.

Nothing is kept unless the collection's settings say so. What others did is never told: it only counts, from several
people on.
"""
