"""In: a change that a person wants of many items. Out: a run that carries it out in batches, and says how far it is."""
