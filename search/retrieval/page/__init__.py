"""In: a request for the search page. Out: the page, its panels and links."""
