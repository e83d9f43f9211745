"""In come the vectors of a collection's items, out comes a place in two dimensions for each, as bytes for a picture."""
