"""In: a curator's request about a collection. Out: its page, and the page that calibrates its duplicates."""
