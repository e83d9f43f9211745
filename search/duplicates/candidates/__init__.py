"""In: the vectors and words of a collection's items. Out: the pairs worth comparing."""
