"""In come suggestions and topics, out come the pages on which curators decide about them."""
