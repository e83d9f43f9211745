"""In: what is added and searched. Out: counts by week, and the searches that are frequent or find nothing."""
