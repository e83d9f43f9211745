"""In: a running Akin, and a key that may write. Out: its capacity, and how it holds below and beyond that."""
