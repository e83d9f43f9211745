"""In: a judged set. Out: how good search, duplicates, topics and suggestions are on it."""
