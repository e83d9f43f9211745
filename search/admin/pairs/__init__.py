"""In: a curator's request about pairs and groups. Out: the queue of duplicates, its pages and its actions."""
