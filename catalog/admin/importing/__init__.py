"""In: a file that a person uploads. Out: a look at what an import would do, the import, and what became of it."""
