"""In: a curator's request about items. Out: their pages in the admin with what search knows of each."""
