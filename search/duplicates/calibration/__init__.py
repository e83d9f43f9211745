"""In: what curators decided about pairs. Out: the weights and thresholds that score a collection's pairs."""
