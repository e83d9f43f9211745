"""In: a collection that is embedded, and a number. Out: the file of a collection so large, mixed out of its items."""
