"""In: requests for the catalog's own pages. Out: the start, items, forms and errors as people read them."""
