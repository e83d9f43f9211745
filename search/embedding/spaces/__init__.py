"""In: a model to search by. Out: a space built beside the active one, compared with it, activated and retired."""
