"""In: an attribute schema. Out: rows of a form that people edit, and the schema that the rows say."""
