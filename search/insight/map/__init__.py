"""In come the vectors of a collection, out come places in two dimensions, and what a page needs to draw them."""
