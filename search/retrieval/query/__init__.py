"""In: what was typed or sent. Out: a parsed query, its words with their statistics, and the search's parameters."""
