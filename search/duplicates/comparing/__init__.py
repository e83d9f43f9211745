"""In: a collection, or one item. Out: scored pairs, stored by a scan or returned by a check."""
