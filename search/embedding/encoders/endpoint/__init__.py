"""In: texts. Out: vectors of a model behind an address that is checked before anything is sent."""
