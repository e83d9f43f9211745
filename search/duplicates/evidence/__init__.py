"""In: the profiles of two items. Out: the evidence for and against them being one thing, as terms, score and words."""
