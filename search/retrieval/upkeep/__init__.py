"""In: a collection that has changed. Out: the statistics, indexes and null distributions that a search relies on."""
