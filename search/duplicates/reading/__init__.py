"""In: an item's title, body and attributes. Out: its words, quantities, identifiers and marks, ready to compare."""
