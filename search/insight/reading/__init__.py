"""In comes a collection, out come its visible items as arrays: ids, vectors, values of an attribute, neighbours."""
