"""In: stored evaluations. Out: their lists, pages and charts in the admin."""
