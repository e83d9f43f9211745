"""In: a question. Out: passages that answer it, with what stands around them, each said once, in a budget, citable."""
