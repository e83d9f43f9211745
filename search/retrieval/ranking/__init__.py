"""In: a query's words and vector. Out: the candidates of both legs, filtered, fused, collapsed and in order."""
