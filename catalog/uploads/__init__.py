"""In: files that people upload. Out: files of names that Akin made, until they are imported, cancelled or a day old."""
