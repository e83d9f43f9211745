"""A collection as a whole: its topics, its map, what lies apart or is filed wrongly, and values for its items.

In comes a collection with the vectors of its items; out come rows that pages read. All of it is computed by runs that
workers do, never in a request. What others may use: `api`, `tasks`, the views, and the functions of each part that its
docstring names.
"""
