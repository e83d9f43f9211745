"""In comes what a person decided about a suggestion, out come the changed item and the threshold of later ones."""
