"""In: a curator's or program's verdict on a pair or a group. Out: recorded decisions, merges, and the way back."""
