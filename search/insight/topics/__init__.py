"""In come the vectors of a collection's items, out come its topics on two levels and the topic of every item."""
