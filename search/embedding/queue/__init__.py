"""In: rows that a trigger marked pending. Out: stored vectors, each for the text that it was made of."""
