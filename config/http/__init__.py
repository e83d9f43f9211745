"""In: requests from the web server. Out: what limits, policies and the one shape of errors make of them."""
