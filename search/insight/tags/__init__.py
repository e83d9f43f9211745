"""In comes a text, or items without a value, out come the likely values of an attribute with their probabilities."""
