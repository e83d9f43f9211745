"""A whole collection as one file, and back. In: a collection or such a file; out: the other, nothing embedded anew.

`parts` says which tables belong to a collection, `archive` how the file is written and proven whole, `spaces` which
vectors fit here.
"""
