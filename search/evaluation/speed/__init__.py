"""In: a collection and queries. Out: latency, throughput, and where the time goes."""
