"""How items are found: embedding, retrieval, related items, duplicates, insight and their evaluation."""
