"""In: what every process does. Out: counters and histograms, in files that one process can read for all of them."""
